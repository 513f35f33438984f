import COpenSSL
import Vocabulary

/// An object of OpenSSL's, freed exactly once, on every path.
struct Owned: ~Copyable {
    let pointer: OpaquePointer
    private let release: (OpaquePointer?) -> Void

    /// - Throws: ``Failure`` with OpenSSL's own words when the call that should have made the object failed.
    init(
        _ pointer: OpaquePointer?, _ release: @escaping (OpaquePointer?) -> Void, code: Failure.Code, _ what: String
    ) throws(Failure) {
        guard let pointer else { throw openSSLFailure(code, what) }
        self.pointer = pointer
        self.release = release
    }

    deinit { release(pointer) }
}

/// An object of OpenSSL's that several share, freed with the last of them.
///
/// `@unchecked`: nobody changes it after it was made. What OpenSSL itself fills in later, on first use (a certificate's
/// flags, a key's blinding, its copies for providers), it does under locks of its own: openssl-threads(7).
final class SharedObject: @unchecked Sendable {
    private let owned: Owned
    var pointer: OpaquePointer { owned.pointer }

    /// - Throws: As ``Owned``.
    init(
        _ pointer: OpaquePointer?, _ release: @escaping (OpaquePointer?) -> Void, code: Failure.Code, _ what: String
    ) throws(Failure) {
        owned = try Owned(pointer, release, code: code, what)
    }
}

/// The last thing OpenSSL complained of, with its queue emptied.
func openSSLFailure(_ code: Failure.Code, _ what: String, hint: String? = nil) -> Failure {
    var text = [CChar](repeating: 0, count: 256)
    let number = ERR_get_error()
    ERR_error_string_n(number, &text, text.count)
    ERR_clear_error()
    let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return Failure(code, number == 0 ? what : "\(what): \(words)", hint: hint)
}

/// A memory BIO that reads `bytes`; they must stay put while it lives, so it lives in `body` only.
func reading<Value>(
    _ bytes: [UInt8], _ body: (OpaquePointer) throws(Failure) -> Value
) throws(Failure) -> Value {
    let bio = try Owned(
        BIO_new_mem_buf(bytes, CInt(bytes.count)), { BIO_free($0) }, code: .certificateUnreadable, "no memory BIO")
    return try body(bio.pointer)
}

/// What `body` writes into a memory BIO.
func written(_ code: Failure.Code, _ body: (OpaquePointer) -> CInt) throws(Failure) -> [UInt8] {
    let bio = try Owned(BIO_new(BIO_s_mem()), { BIO_free($0) }, code: code, "no memory BIO")
    guard body(bio.pointer) == 1 else { throw openSSLFailure(code, "cannot be written") }
    var start: UnsafeMutablePointer<CChar>?
    let count = house_bio_bytes(bio.pointer, &start)
    guard let start, count > 0 else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: count))
}

/// The DER that an `i2d_…` function gives.
func der(_ code: Failure.Code, _ body: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt)
    throws(Failure) -> [UInt8]
{
    var start: UnsafeMutablePointer<UInt8>?
    let count = body(&start)
    guard count > 0, let start else { throw openSSLFailure(code, "cannot be encoded") }
    defer { CRYPTO_free(start, #file, #line) }
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
}
