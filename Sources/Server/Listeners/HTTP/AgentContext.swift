package import Hummingbird
import NIOCore
import NIOSSL

/// A request and the connection that it came by, whose handshake may have shown a certificate.
package struct AgentContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The address that the request came from, without a port.
    var address: String? { channel.remoteAddress?.ipAddress }

    /// DER of the agent's certificate, checked in the handshake; `nil` where it showed none.
    func clientCertificate() async throws -> [UInt8]? {
        try await channel.nioSSL_peerCertificate().get()?.toDERBytes()
    }
}
