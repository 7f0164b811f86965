internal import AsyncHTTPClient
internal import LinuxSys
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

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
    private let client: HTTPClient

    /// With `verifies` false any certificate will do.
    init(verifies: Bool, certificates: RegistryCertificates) throws(StorageError) {
        var tls = TLSConfiguration.makeClientConfiguration()
        if !verifies { tls.certificateVerification = .none }
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
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static func reading<Result>(_ path: String, _ body: () throws -> Result) throws(StorageError) -> Result {
        do { return try body() } catch {
            throw .invalid("\(path) cannot be read as PEM")
        }
    }

    /// Closes all connections. Nothing may be sent afterwards.
    func close() {
        // What cannot be closed in good order ends with the process; nobody waits for it.
        try? client.syncShutdown()
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
            reply.begin(client.execute(request: request, delegate: reply), abandoning: writer)
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
