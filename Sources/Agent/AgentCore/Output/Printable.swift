/// Foreign text for a terminal or a log: control characters and whatever could pass for them are escaped, and it is cut.
package func printable(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(300) {
        shown += isHarmless(scalar) ? String(scalar) : scalar.escaped(asASCII: true)
    }
    return shown
}

private func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
}
