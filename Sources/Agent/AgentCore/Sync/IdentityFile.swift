package import Vocabulary

/// Where the agent keeps its own key and certificate: PEM, the key first, mode 0600.
package struct IdentityFile: Sendable {
    private let directory: String
    private var path: String { directory + "/machine.pem" }

    package init(in directory: String) { self.directory = directory }

    /// - Returns: `nil` when there is none.
    /// - Throws: ``Failure/Code/stateDirectoryUnusable`` when it cannot be read, or others could have read it.
    package func read() throws(Failure) -> Secret? {
        do throws(FileRefusal) {
            return Secret(
                try readTrustedFile(
                    path, forbidden: 0o077, because: "If others may have read the key in it, remove it instead"))
        } catch {
            if error.isMissing { return nil }
            throw Failure(.stateDirectoryUnusable, error.message, hint: error.hint)
        }
    }

    /// - Throws: ``Failure/Code/stateDirectoryUnusable``.
    package func write(_ pem: Secret) throws(Failure) {
        let errno = pem.reveal { replaceFile(path, with: $0) }
        if let errno { throw unusable(directory, errno) }
    }
}
