extension Hostname {
    /// Reads a name that may hold letters beyond ASCII; they become A-labels (`xn--…`).
    ///
    /// A letter has to be one that IDNA 2008 takes as it stands (RFC 5892); capitals are made small first. What that
    /// standard allows only in some neighbourhoods (joiners, middle dot) is refused, and so are combining accents: the
    /// letter has to come composed. The rule for labels written from right to left (RFC 5893) is not checked.
    ///
    /// - Throws: ``Flaw``.
    package init(international text: String) throws(Flaw) {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else {
            self = try Hostname(text)
            return
        }
        // IDEOGRAPHIC FULL STOP and its narrow and wide forms separate labels too (RFC 3490 section 3.1).
        let dots: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        var labels: [String] = []
        for label in text.lowercased().unicodeScalars.split(
            omittingEmptySubsequences: false, whereSeparator: dots.contains)
        {
            labels.append(try Self.asciiLabel(Array(label)))
        }
        self = try Hostname(labels.joined(separator: "."))
    }

    private static func asciiLabel(_ label: [Unicode.Scalar]) throws(Flaw) -> String {
        var shown = ""
        shown.unicodeScalars.append(contentsOf: label.prefix(64))
        guard !label.allSatisfy(\.isASCII) else {
            // Never made longer by what follows it, so that the caller's Hostname says what is wrong with it.
            var text = ""
            text.unicodeScalars.append(contentsOf: label)
            return text
        }
        guard label.allSatisfy(mayStand), !isMark(label[0]) else { throw .international(label: shown) }
        return "xn--" + punycode(label)
    }

    /// PVALID of RFC 5892, as far as properties of a single letter tell.
    private static func mayStand(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar == "-" || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) }
        // Section 2.6 F: allowed although case folding changes them, or not letters by their category.
        if ["\u{DF}", "\u{3C2}", "\u{6FD}", "\u{6FE}", "\u{F0B}", "\u{3007}"].contains(scalar) { return true }
        let properties = scalar.properties
        // Section 2.9: old Hangul Jamo.
        let jamo: [ClosedRange<Unicode.Scalar>] = [
            "\u{1100}"..."\u{11FF}", "\u{A960}"..."\u{A97F}", "\u{D7B0}"..."\u{D7FB}",
        ]
        guard !properties.changesWhenNFKCCaseFolded, !jamo.contains(where: { $0.contains(scalar) }) else {
            return false
        }
        // Accents have classes above 9 (virama); a letter that came apart would compare as another name.
        guard properties.canonicalCombiningClass.rawValue <= 9 else { return false }
        switch properties.generalCategory {
        case .lowercaseLetter, .otherLetter, .modifierLetter, .decimalNumber, .nonspacingMark, .spacingMark: return true
        default: return false
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .spacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
    }
}

/// RFC 3492: the scalars of one label as ASCII, without the prefix.
private func punycode(_ label: [Unicode.Scalar]) -> String {
    var output = label.filter(\.isASCII).map { UInt8($0.value) }
    let basic = output.count
    if basic > 0 { output.append(UInt8(ascii: "-")) }
    var (limit, delta, bias, handled) = (UInt32(128), 0, 72, basic)
    while handled < label.count {
        // There is one: not all were handled, and all below the limit were.
        guard let next = label.map(\.value).filter({ $0 >= limit }).min() else { break }
        delta += Int(next - limit) * (handled + 1)
        limit = next
        for scalar in label {
            if scalar.value < limit { delta += 1 }
            guard scalar.value == limit else { continue }
            var (rest, k) = (delta, 36)
            while true {
                let threshold = k <= bias ? 1 : (k >= bias + 26 ? 26 : k - bias)
                if rest < threshold { break }
                output.append(digit(threshold + (rest - threshold) % (36 - threshold)))
                rest = (rest - threshold) / (36 - threshold)
                k += 36
            }
            output.append(digit(rest))
            bias = adapted(delta, count: handled + 1, first: handled == basic)
            delta = 0
            handled += 1
        }
        delta += 1
        limit += 1
    }
    return String(decoding: output, as: UTF8.self)
}

/// 0 to 25 are letters, 26 to 35 digits.
private func digit(_ value: Int) -> UInt8 {
    UInt8(value < 26 ? value + 0x61 : value - 26 + 0x30)
}

private func adapted(_ delta: Int, count: Int, first: Bool) -> Int {
    var delta = first ? delta / 700 : delta / 2
    delta += delta / count
    var k = 0
    while delta > 455 {
        delta /= 35
        k += 36
    }
    return k + 36 * delta / (delta + 38)
}
