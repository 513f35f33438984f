import CLibCurl
import Vocabulary

/// One request under way, on the thread of the client that owns it.
///
/// libcurl holds an unretained pointer to it from ``init`` until ``finish``; the client keeps it alive in between.
final class Transfer {
    let number: UInt64
    let easy: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let limit: Int
    private(set) var body: [UInt8] = []
    private(set) var headers: [(name: String, value: String)] = []
    private var overflowed = false
    private let keptConnection: Int?
    private let sharedKey: TLSSharedKey?
    private let allowsLegacyTLS: Bool
    private let objection: (@Sendable (_ certificate: [UInt8]) -> String?)?
    private let materials: TLSMaterials.Set
    /// The peer's leaf certificate, DER, where this transfer made the handshake.
    private var peerCertificate: [UInt8]?
    private var sendings = 0
    /// Why the request was not sent although there is a connection.
    private var heldBack: String?
    /// Whether libcurl chose another of the connections that are open than the one that the request has to go over.
    ///
    /// It has no way to be told which; it takes the oldest.
    private(set) var metOlderConnection = false
    /// Where libcurl writes what OpenSSL says.
    private let errorText: UnsafeMutablePointer<CChar>

    init(_ request: HTTPRequest, number: UInt64, _ materials: TLSMaterials) throws(CurlFault) {
        self.materials = try materials.set(for: request)
        guard let easy = curl_easy_init() else { throw .unusable("no easy handle") }
        self.number = number
        self.easy = easy
        limit = request.answerLimit
        keptConnection = request.keptConnection
        objection = request.objection
        sharedKey = request.sharedKey
        allowsLegacyTLS = request.allowsLegacyTLS
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try set(up: request)
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    private func set(up request: HTTPRequest) throws(CurlFault) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(house_curl_set_error_text(easy, errorText))
        try text(CURLOPT_URL, request.url)
        try text(CURLOPT_CUSTOMREQUEST, request.method)
        if !request.body.isEmpty || request.method == "POST" {
            try check(
                request.body.withUnsafeBytes { house_curl_set_post(easy, $0.baseAddress ?? .init(self.easy), $0.count) }
            )
        }
        try check(house_curl_set_sinks(easy, bodySink, headerSink, context))
        try check(house_curl_set_before_request(easy, beforeRequest, context))
        try list(CURLOPT_HTTPHEADER, request.headers.map { "\($0.name): \($0.value.revealedText)" } + ["Expect:"])
        if let address = request.connectTo { try list(CURLOPT_CONNECT_TO, ["::\(address)"]) }
        if let path = request.unixSocket { try text(CURLOPT_UNIX_SOCKET_PATH, path) }
        try number(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try text(CURLOPT_PROTOCOLS_STR, "http,https")
        // A proxy from the environment would see, and could answer, what is meant for one peer.
        try text(CURLOPT_PROXY, "")
        // As many of both as there are requests under way; libcurl's own 80 KB suit downloads, firmware sends and takes
        // a few kilobytes. Neither is a limit to a message.
        try number(CURLOPT_BUFFERSIZE, 4096)
        try number(CURLOPT_UPLOAD_BUFFERSIZE, 16_384)
        try number(CURLOPT_NOSIGNAL, 1)
        try number(CURLOPT_FOLLOWLOCATION, 0)
        try number(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout))
        try number(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout))
        try number(CURLOPT_FRESH_CONNECT, request.opensConnection ? 1 : 0)
        try number(CURLOPT_FORBID_REUSE, request.closesConnection ? 1 : 0)
        if request.looksOnly { try number(CURLOPT_CONNECT_ONLY, 1) }
        try set(up: request.trust)
        try setUpProtocol()
    }

    /// The suites that AMT up to 10 may have for a pre-shared key; which, no document says: network reference 3.3.
    ///
    /// OpenSSL passes over those that it is built without: 3DES and RC4 on Debian.
    private static let sharedKeySuites =
        "PSK-AES128-CBC-SHA:PSK-AES256-CBC-SHA:RSA-PSK-AES128-CBC-SHA:RSA-PSK-AES256-CBC-SHA:PSK-AES128-GCM-SHA256:"
        + "PSK-AES256-GCM-SHA384"
    private static let oldSharedKeySuites = ":PSK-3DES-EDE-CBC-SHA:PSK-RC4-SHA:@SECLEVEL=0"

    /// Source of the recipe for old firmware: network reference 1.3 (what peers offer to AMT up to 11).
    private func setUpProtocol() throws(CurlFault) {
        try check(house_curl_set_context_hook(easy, contextHook, Unmanaged.passUnretained(self).toOpaque()))
        guard sharedKey != nil || allowsLegacyTLS else { return }
        let least = Int(allowsLegacyTLS ? CURL_SSLVERSION_TLSv1_0 : CURL_SSLVERSION_TLSv1_2)
        if sharedKey != nil {
            try number(CURLOPT_SSLVERSION, least | Int(CURL_SSLVERSION_MAX_TLSv1_2))
            try text(
                CURLOPT_SSL_CIPHER_LIST, Self.sharedKeySuites + (allowsLegacyTLS ? Self.oldSharedKeySuites : ""))
        } else {
            try number(CURLOPT_SSLVERSION, least)
            try text(CURLOPT_SSL_CIPHER_LIST, "DEFAULT:!aNULL:!eNULL:@SECLEVEL=0")
        }
    }

    /// Gives OpenSSL's context of a new connection what libcurl has no option for.
    fileprivate func prepare(_ context: UnsafeMutableRawPointer) -> CURLcode {
        if allowsLegacyTLS { house_tls_allow_legacy_connect(context) }
        let outcome = materials.use(in: context)
        guard outcome == CURLE_OK else { return outcome }
        guard let sharedKey else { return CURLE_OK }
        return sharedKey.key.reveal { key in
            house_tls_use_shared_key(
                context, Self.sharedKeyPlace, sharedKey.identity, key, key.count, giveSharedKey)
        }
    }

    /// Where a context of OpenSSL's keeps its key; one for the process.
    fileprivate static let sharedKeyPlace = house_tls_shared_key_place()

    private func set(up trust: PeerTrust) throws(CurlFault) {
        try number(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try number(CURLOPT_SSL_SESSIONID_CACHE, 0)  // a resumed session shows no certificate
        // libcurl knows nothing of our materials, and takes a kept connection only where it sees the same settings. The
        // folder, which nobody can make, is the setting by which they differ. Without it Debian's libcurl would look for the
        // system's authorities, and so it finds none where ours should be missing.
        try text(CURLOPT_CAPATH, "/dev/null/\(materials.number)")
        try text(CURLOPT_CAINFO, nil)
        if trust.authorities != nil {
            try number(CURLOPT_SSL_VERIFYPEER, 1)
            try number(CURLOPT_SSL_VERIFYHOST, 2)
        } else {
            try number(CURLOPT_SSL_VERIFYPEER, 0)
            try number(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let pin = trust.pin { try text(CURLOPT_PINNEDPUBLICKEY, "sha256//" + base64(pin)) }
    }

    /// The end of the transfer, as libcurl tells it.
    func finish(_ code: CURLcode) -> Result<HTTPAnswer, CurlFault> {
        var status = 0
        var connects = 0
        var port = 0
        house_curl_get_number(easy, CURLINFO_RESPONSE_CODE, &status)
        house_curl_get_number(easy, CURLINFO_LOCAL_PORT, &port)
        house_curl_get_number(easy, CURLINFO_NUM_CONNECTS, &connects)
        guard code == CURLE_OK else { return .failure(fault(code)) }
        return .success(
            HTTPAnswer(
                status: status, headers: headers, body: body, openedConnection: connects > 0, connection: port,
                peerCertificate: peerCertificate))
    }

    /// What an error means.
    ///
    /// Once the request has begun to be sent, no error may say that nothing was: libcurl makes a new connection by itself
    /// when a kept one dies under a request, and it is that one's handshake that then fails, be it only because the
    /// firmware has acted on the request and presents its new certificate.
    private func fault(_ code: CURLcode) -> CurlFault {
        let text = String(cString: curl_easy_strerror(code))
        if overflowed { return .answerUnreadable("longer than \(limit) bytes") }
        switch code {
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            return .answerUnreadable(text)
        case _ where sendings > 0:
            return .lost(text)
        case CURLE_ABORTED_BY_CALLBACK:
            return .notConnected(heldBack ?? text)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_ISSUER_ERROR:
            return .peerNotTrusted(text)
        case CURLE_SSL_CONNECT_ERROR where saysProtocol: return .peerTooOld(String(cString: errorText))
        case CURLE_SSL_CONNECT_ERROR where sharedKey != nil && saysKey:
            return .sharedKeyRefused(String(cString: errorText))
        case CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return .unusable(text)
        default:
            return .notConnected(text)
        }
    }

    /// Whether OpenSSL did not take the version that the peer chose, or the peer had none of ours.
    private var saysProtocol: Bool {
        let text = String(cString: errorText)
        return text.contains("unsupported protocol") || text.contains("protocol version")
    }

    /// Whether one of the ends found that the other has another key, or none of its suites.
    private var saysKey: Bool {
        let text = String(cString: errorText)
        return text.contains("alert") || text.contains("record mac") || text.contains("digest check failed")
    }

    private func readPeerCertificate() -> [UInt8]? {
        var start: UnsafeMutablePointer<UInt8>?
        let count = house_curl_peer_certificate(easy, &start)
        guard count > 0, let start else { return nil }
        defer { house_tls_free(start) }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    // MARK: what libcurl calls

    /// Refuses the second sending of one request, and the first over a new connection that may not be or leads to a peer
    /// that is objected to.
    ///
    /// When a kept connection dies before the answer's first byte, libcurl sends the request again by itself, POST or
    /// not (`Curl_retry_request`). A firmware may have acted on the first, so the caller has to look before it asks again.
    fileprivate func maySend(from port: Int) -> Bool {
        var connects = 0
        house_curl_get_number(easy, CURLINFO_NUM_CONNECTS, &connects)
        if connects > 0, peerCertificate == nil { peerCertificate = readPeerCertificate() }
        if sendings == 0 {
            if let keptConnection {
                if connects > 0 || port != keptConnection {
                    heldBack = "the connection that it had to go over is closed"
                    metOlderConnection = connects == 0
                    house_curl_set_number(easy, CURLOPT_FORBID_REUSE, 1)
                }
            } else if connects > 0 {
                heldBack = objection.flatMap { objection in peerCertificate.flatMap(objection) }
            }
            if heldBack != nil { return false }
        }
        sendings += 1
        return sendings == 1
    }

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard body.count + bytes.count <= limit else {
            overflowed = true
            return 0
        }
        body += bytes
        return bytes.count
    }

    fileprivate func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard headers.count < 200 else {
            overflowed = true
            return 0
        }
        if bytes.starts(with: "HTTP/".utf8) {
            headers = []  // an interim answer (100 Continue) brought its own
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            var value = bytes[(colon + 1)...].drop(while: isBlank)
            while let last = value.last, isBlank(last) { value.removeLast() }
            headers.append(
                (name: String(decoding: bytes[..<colon], as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
        }
        return bytes.count
    }

    // MARK: options

    private func check(_ code: CURLcode) throws(CurlFault) {
        guard code == CURLE_OK else { throw .unusable(String(cString: curl_easy_strerror(code))) }
    }

    private func text(_ option: CURLoption, _ value: String?) throws(CurlFault) {
        try check(house_curl_set_text(easy, option, value))
    }

    private func number(_ option: CURLoption, _ value: Int) throws(CurlFault) {
        try check(house_curl_set_number(easy, option, value))
    }

    private func list(_ option: CURLoption, _ lines: [String]) throws(CurlFault) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { throw .unusable("out of memory") }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try check(house_curl_set_list(easy, option, list))
    }
}

private func transfer(_ context: UnsafeMutableRawPointer) -> Transfer {
    Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private let bodySink: house_curl_sink = { bytes, size, count, context in
    guard let context else { return 0 }
    return transfer(context).take(UnsafeRawBufferPointer(start: bytes, count: size * count))
}

private let headerSink: house_curl_sink = { bytes, size, count, context in
    guard let context else { return 0 }
    return transfer(context).takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
}

private let beforeRequest: house_curl_before_request = { context, _, _, _, port in
    guard let context else { return CURL_PREREQFUNC_ABORT }
    return transfer(context).maySend(from: Int(port)) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private let contextHook: house_curl_context_hook = { _, context, transferContext in
    guard let context, let transferContext else { return CURLE_FAILED_INIT }
    return transfer(transferContext).prepare(context)
}

private let giveSharedKey: house_tls_shared_key_callback = { connection, _, identity, identityRoom, key, keyRoom in
    house_tls_give_shared_key(connection, Transfer.sharedKeyPlace, identity, identityRoom, key, keyRoom)
}

/// What may stand around a header's value, with the end of its line.
private func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0D, 0x0A].contains(byte) }

private func milliseconds(_ duration: Duration) -> Int {
    let parts = duration.components
    return Int(parts.seconds) * 1000 + Int(parts.attoseconds / 1_000_000_000_000_000)
}

private func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let word = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for place in 0..<4 {
            text.append(place <= group.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : "=")
        }
    }
    return text
}
