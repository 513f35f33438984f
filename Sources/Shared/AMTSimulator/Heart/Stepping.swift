import CryptoExtras

/// Key pairs made once, for firmware that makes very many: making one takes a hundred times longer than all else that
/// it does.
package struct KeyPairs: Sendable {
    private let pairs: [RSAKey]

    package init(count: Int) throws { pairs = try (0..<count).map { _ in try RSAKey(keySize: .bits2048) } }

    subscript(place: Int) -> RSAKey { pairs[place % pairs.count] }
}

/// What a loop needs that turns many firmwares without sockets.
extension SimulatedFirmware {
    /// One request on a connection that is open; what comes back is bytes.
    ///
    /// - Parameters:
    ///   - headers: Of the request.
    ///   - body: Of the request.
    ///   - connection: Which one it came on.
    ///   - pairs: What it makes, where it makes a key pair.
    ///   - place: Which pair that is; counts on then.
    /// - Returns: The answer, and whether the connection goes with it.
    package mutating func exchange(
        _ headers: [(name: String, value: String)], _ body: [UInt8], on connection: ConnectionFacts,
        making pairs: KeyPairs, place: inout Int
    ) -> (bytes: [UInt8], closes: Bool) {
        store.spare = pairs[place]
        let answer = exchange(
            HTTPMessage(method: "POST", path: "/wsman", headers: headers, body: body), on: connection)
        if store.spare == nil { place += 1 }
        return (answer.bytes, answer.closes)
    }

    /// The certificate that port 16993 presents, as DER.
    package func presented(else own: SelfSigned) -> [UInt8] { servedIdentity(selfSigned: own).certificate }

    /// Why set-up would refuse a chain; `nil` where it would not.
    package func objection(to chain: [[UInt8]]) -> String? {
        var copy = self
        return copy.refusal(of: chain)
    }

    /// An account with PT Administration, as a console leaves it.
    package mutating func leaveAccount(_ name: String, a1: [UInt8]) {
        _ = accounts.add(Accounts.Entry(handle: 0, name: name, a1: a1, access: 0, realms: [Accounts.ptAdministration]))
    }

    /// The host opens set-up, of a machine as the factory made it or of one whose set-up is over.
    package mutating func startConfiguration() {
        if provisioningState != .post { openSetUp() }
    }

    /// MD5 of `admin:realm:password`; `nil` while the factory's password stands.
    package var adminHash: [UInt8]? { accounts.adminA1 }
    package var certificateCount: Int { store.certificates.count }
    package var keyCount: Int { store.keys.count }
}
