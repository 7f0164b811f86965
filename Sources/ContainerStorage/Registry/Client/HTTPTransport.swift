internal import AsyncHTTPClient
internal import FoundationEssentials
internal import LinuxSys
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// A request that did not get its whole answer: nobody is there, the connection broke, TLS was refused.
struct TransportError: Error, CustomStringConvertible {
    /// What happened, in one line.
    var description: String
    /// Whether it may be otherwise in a moment.
    var mayPass = false
}

extension TransportError {
    /// What the client says, in a person's words.
    init(_ error: any Error) {
        self.init(description: HTTPReply.explain(error), mayPass: HTTPReply.mayPass(error))
    }
}

/// The body of a request.
enum RequestBody {
    case none
    case bytes([UInt8])
    /// So many bytes of a source that is made anew whenever the request is sent again.
    case stream(length: Int64, () throws -> any ByteSource)
}

/// HTTP with one set of certificates: the only way to the network. It never follows a redirect itself, keeps no
/// cookies, and its calls wait.
final class HTTPTransport: Sendable {
    private let configuration: HTTPClient.Configuration
    private let rules: ProxyRules
    /// One for each proxy, and one for what goes without.
    private let clients = Mutex<[ProxyRules.Proxy?: HTTPClient]>([:])

    /// With `verifies` false any certificate will do.
    init(verifies: Bool, certificates: RegistryCertificates) throws(StorageError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !verifies { tls.certificateVerification = .none }
        try Self.addAuthorities(of: StandardStream.environment, to: &tls)
        for path in certificates.authorities {
            let found = try Self.reading(path) { try NIOSSLCertificate.fromPEMFile(path) }
            tls.additionalTrustRoots.append(.certificates(found))
        }
        if let pair = certificates.client {
            tls.certificateChain = try Self.reading(pair.certificate) {
                try NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) }
            }
            tls.privateKey = .privateKey(
                try Self.reading(pair.key) { try NIOSSLPrivateKey(file: pair.key, format: .pem) })
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(15), read: .seconds(30))
        configuration.decompression = .disabled
        // Blobs come over connections of their own; one that many streams share is slower for a few large files.
        configuration.httpVersion = .http1Only
        // A registry that is not there is the caller's to tell, at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        self.configuration = configuration
        rules = try ProxyRules(environment: StandardStream.environment)
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name authorities beside the system's, and instead of them if both are set
    /// (as the union that Go's crypto/x509 makes of them and its defaults).
    private static func addAuthorities(
        of environment: @escaping (String) -> String?, to tls: inout TLSConfiguration
    ) throws(StorageError) {
        let value = { (name: String) in environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        let (file, folders) = (value("SSL_CERT_FILE"), value("SSL_CERT_DIR"))
        var found: [NIOSSLCertificate] = []
        if let file { found += try reading(file) { try NIOSSLCertificate.fromPEMFile(file) } }
        for folder in folders?.split(separator: ":").map(String.init) ?? [] {
            let names = try doing("list \(folder)") { () throws(Errno) in try File.names(in: folder) }
            // As Go: what is no certificate there is nobody's business.
            for name in names { found += (try? NIOSSLCertificate.fromPEMFile("\(folder)/\(name)")) ?? [] }
        }
        if file != nil && folders != nil {
            tls.trustRoots = .certificates(found)
        } else if !found.isEmpty {
            tls.additionalTrustRoots.append(.certificates(found))
        }
    }

    private func client(for url: RegistryURL) throws(TransportError) -> HTTPClient {
        let proxy = rules.proxy(for: url.origin)
        // NIOSSL would compare the certificate with the proxy's address then.
        guard proxy == nil || url.origin.scheme == .http || !url.origin.isAddress else {
            throw TransportError(
                description:
                    "HTTPS to an address cannot be verified through a proxy: put \(url.origin.host) into NO_PROXY")
        }
        return clients.withLock { clients in
            if let client = clients[proxy] { return client }
            var configuration = configuration
            if let proxy {
                configuration.proxy =
                    switch proxy.kind {
                    case .socks: .socksServer(host: proxy.host, port: proxy.port)
                    case .http:
                        .server(
                            host: proxy.host, port: proxy.port,
                            authorization: proxy.credentials.map {
                                .basic(credentials: Data($0.utf8).base64EncodedString())
                            })
                    }
            }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            clients[proxy] = client
            return client
        }
    }

    private static func reading<Result>(_ path: String, _ body: () throws -> Result) throws(StorageError) -> Result {
        do { return try body() } catch {
            throw .invalid("\(path) cannot be read as PEM")
        }
    }

    /// Closes all connections. Nothing may be sent afterwards.
    func close() {
        // What cannot be closed in good order ends with the process; nobody waits for it.
        for client in clients.withLock({ Array($0.values) }) { try? client.syncShutdown() }
    }

    /// Sends a request and waits for the answer's head.
    ///
    /// - Throws: `TransportError`, or what a body's source threw.
    func send(
        _ method: String, _ url: RegistryURL, headers: [(String, String)], body: RequestBody
    ) throws -> HTTPReply {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let writer = loop.makePromise(of: HTTPClient.Body.StreamWriter.self)
        let written = loop.makePromise(of: Void.self)
        let payload: HTTPClient.Body?
        switch body {
        case .none: payload = method == "POST" || method == "PUT" ? .byteBuffer(ByteBuffer()) : nil
        case .bytes(let bytes): payload = .byteBuffer(ByteBuffer(bytes: bytes))
        case .stream(let length, _):
            payload = .stream(contentLength: length) { stream in
                writer.succeed(stream)
                return written.futureResult
            }
        }
        let reply = HTTPReply(url: url)
        // A promise that is kept already takes no second answer; this one is for when nobody asks for the body.
        defer {
            writer.fail(TransportError(description: "nothing was sent"))
            written.succeed()
        }
        do {
            let request = try HTTPClient.Request(
                url: url.description, method: .init(rawValue: method), headers: HTTPHeaders(headers), body: payload)
            reply.begin(try client(for: url).execute(request: request, delegate: reply), abandoning: writer)
        } catch {
            throw TransportError(error)
        }
        // Without a writer, the reply has the reason.
        if case .stream(_, let open) = body, let stream = try? writer.futureResult.wait() {
            try Self.write(try open(), to: stream, until: reply)
            written.succeed()
        }
        try reply.waitForHead()
        return reply
    }

    private static func write(
        _ source: any ByteSource, to stream: HTTPClient.Body.StreamWriter, until reply: HTTPReply
    ) throws {
        while !reply.hasHead {
            let bytes = try source.next()
            if bytes.isEmpty { return }
            do {
                try stream.write(.byteBuffer(ByteBuffer(bytes: bytes))).wait()
            } catch {
                // The answer, or its absence, says why.
                return
            }
        }
    }

    /// Waits, on a thread that has nothing else to do.
    static func pause(milliseconds: Int64) {
        // A timer on a loop that never ends cannot fail.
        try? MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .milliseconds(milliseconds)) {}
            .futureResult.wait()
    }
}
