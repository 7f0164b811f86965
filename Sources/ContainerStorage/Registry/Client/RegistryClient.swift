internal import FoundationEssentials
internal import LinuxSys
internal import OCISpec

/// How a registry is reached, as far as a command says it.
public struct RegistryAccess: Sendable {
    /// `--authfile`.
    public var credentialFile: String?
    /// `--creds`; instead of what is stored.
    public var credentials: RegistryCredentials?
    /// `--cert-dir`.
    public var certificateDirectory: String?
    /// `--tls-verify`; what registries.conf says if nil.
    public var verifiesTLS: Bool?

    /// As the machine is configured.
    public init() {}
}

/// A manifest or index as a registry gave it, its digest verified.
struct FetchedManifest: Sendable {
    var bytes: [UInt8]
    var digest: Digest
    /// `Content-Type`, if it names a kind of manifest.
    var announcedType: String?
}

/// One repository of one registry (OCI distribution-spec). Calls wait, and may come from several threads at once.
final class RegistryClient: Sendable {
    /// What may be done with a token.
    enum Actions: String, Sendable {
        case pull
        case pushAndPull = "pull,push"
    }

    private static let redirectLimit = 5
    /// How often a request is repeated that met nobody, or a server with troubles of its own; as Podman's pull.
    private static let patience = 3
    /// How often, and how long in seconds at most, a server is waited for that has too many requests.
    private static let tooMany = (tries: 5, longestSeconds: Int64(60))
    private let isPatient: Bool
    /// The repository, and the tag or digest.
    let reference: ImageReference
    private let transport: HTTPTransport
    private let base: RegistryURL
    private let authorization: RegistryAuthorization

    /// Nothing is sent yet, unless the source is insecure: then HTTPS is tried, and HTTP if that fails.
    ///
    /// - Throws: `StorageError` with `Code.unreachable`, or naming a file of certificates or credentials.
    init(_ source: RegistrySource, _ access: RegistryAccess, _ actions: Actions, scope: String? = nil) throws {
        reference = source.reference
        // There is another source after a mirror.
        isPatient = !source.isMirror
        let isInsecure = access.verifiesTLS.map(!) ?? source.isInsecure
        let registry = source.reference.registry
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        transport = try HTTPTransport(
            verifies: !isInsecure,
            certificates: RegistryCertificates(host: registry, directory: access.certificateDirectory))
        do {
            base = try Self.base(host, isInsecure, transport, patience: isPatient ? Self.patience : 0)
            authorization = RegistryAuthorization(
                home: base.origin,
                credentials: try access.credentials
                    ?? CredentialFile.find(for: source.reference, file: access.credentialFile),
                scope: scope ?? "repository:\(source.reference.repository):\(actions.rawValue)")
        } catch {
            transport.close()
            throw error
        }
    }

    deinit { transport.close() }

    private static func base(
        _ host: String, _ isInsecure: Bool, _ transport: HTTPTransport, patience: Int
    ) throws -> RegistryURL {
        guard let secure = RegistryURL("https://\(host)/v2/"), let plain = RegistryURL("http://\(host)/v2/") else {
            throw StorageError.invalid("\(host.shown) is no registry's host")
        }
        guard isInsecure else { return secure }
        var failures = 0
        while true {
            let failure: TransportError
            let error: TransportError
            do {
                try transport.send("GET", secure, headers: [], body: .none).cancel()
                return secure
            } catch let secureFailure as TransportError { failure = secureFailure }
            do {
                try transport.send("GET", plain, headers: [], body: .none).cancel()
                return plain
            } catch let plainFailure as TransportError { error = plainFailure }
            guard failure.mayPass && error.mayPass && failures < patience else {
                throw StorageError.unreachable("registry \(host): https: \(failure); http: \(error)")
            }
            failures += 1
            HTTPTransport.pause(milliseconds: 250 << failures)
        }
    }

    /// Asks whether the registry lets us in.
    ///
    /// - Throws: `StorageError` with `Code.unauthorized` if it does not.
    func ping() throws {
        let reply = try send("GET", base)
        guard reply.status == 200 else { throw try failure(reply, "log in to \(reference.registry)") }
        reply.cancel()
    }

    // MARK: Requests

    /// The URL of something in the repository.
    func url(_ path: String) throws -> RegistryURL {
        guard let url = RegistryURL(path, relativeTo: base) else {
            throw StorageError.invalid("\(path.shown) is no path of a registry")
        }
        return url
    }

    /// Sends a request below `/v2/`, with what the registry wants to be let in.
    ///
    /// - Throws: `StorageError`, with `Code.unreachable` when there is no answer.
    func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: RequestBody = .none
    ) throws -> HTTPReply {
        try send(method, try url(path), headers: headers, body: body)
    }

    /// As above, for a URL that the registry gave. `patience` is how often it is tried again.
    func send(
        _ method: String, _ url: RegistryURL, headers: [(String, String)] = [], body: RequestBody = .none,
        patience: Int = patience
    ) throws -> HTTPReply {
        var attempts = 0
        while true {
            let header = authorization.header
            let reply = try follow(method, url, headers, body, header, isPatient ? patience : 0)
            attempts += 1
            // Two tries: a token may have run out, and what came instead may be refused.
            guard reply.status == 401, reply.url.origin == base.origin, attempts <= 2 else { return reply }
            let challenges = AuthenticationChallenge.all(in: reply.header("WWW-Authenticate") ?? "")
            // Basic credentials that were refused will be refused again.
            if let header, header.hasPrefix("Basic ") { return reply }
            reply.cancel()
            do {
                try authorization.renew(after: header, challenges, transport)
            } catch let error as TransportError {
                throw StorageError.unreachable("token server of \(reference.registry): \(error)")
            }
        }
    }

    /// Sends a request, again if it met nobody or a server in trouble, and only reads; and later, where a server has
    /// too many requests.
    private func send(
        _ method: String, _ url: RegistryURL, _ headers: [(String, String)], _ body: RequestBody, _ patience: Int
    ) throws -> HTTPReply {
        let onlyReads = method == "GET" || method == "HEAD"
        var (failures, refusals) = (0, 0)
        while true {
            do {
                let reply = try transport.send(method, url, headers: headers, body: body)
                if reply.status == 429, isPatient, refusals < Self.tooMany.tries {
                    let told = reply.header("Retry-After").flatMap { Int64($0) } ?? 1 << refusals
                    reply.cancel()
                    refusals += 1
                    HTTPTransport.pause(milliseconds: min(max(told, 0), Self.tooMany.longestSeconds) * 1000)
                    continue
                }
                guard (500...599).contains(reply.status), onlyReads, failures < patience else { return reply }
                reply.cancel()
            } catch let error as TransportError where error.mayPass && onlyReads && failures < patience {}
            failures += 1
            HTTPTransport.pause(milliseconds: 250 << failures)
        }
    }

    /// Sends a request, and follows the redirects of one that only reads. The authorization goes to the registry's
    /// own origin and nowhere else.
    private func follow(
        _ method: String, _ first: RegistryURL, _ headers: [(String, String)], _ body: RequestBody,
        _ authorization: String?, _ patience: Int
    ) throws -> HTTPReply {
        var url = first
        for _ in 0...Self.redirectLimit {
            var sent = headers + [("User-Agent", "swiftlet")]
            if let authorization, url.origin == base.origin { sent.append(("Authorization", authorization)) }
            let reply: HTTPReply
            do { reply = try send(method, url, sent, body, patience) } catch let error as TransportError {
                throw StorageError.unreachable("\(method) \(url.shown): \(error)")
            }
            guard [301, 302, 303, 307, 308].contains(reply.status), method == "GET" || method == "HEAD" else {
                return reply
            }
            reply.cancel()
            let location = reply.header("Location") ?? ""
            guard let next = RegistryURL(location, relativeTo: url) else {
                throw StorageError.refused("\(url.shown) redirects to what is no HTTP URL: \(location.shown)")
            }
            guard next.origin.scheme == .https || url.origin.scheme == .http else {
                throw StorageError.refused("\(url.shown) redirects from https to \(next.origin)")
            }
            guard !next.origin.isForbidden || next.origin.host == base.origin.host else {
                throw StorageError.refused("\(url.shown) redirects to a link-local address: \(next.origin)")
            }
            url = next
        }
        throw StorageError.refused("\(first.shown) redirects more than \(Self.redirectLimit) times")
    }

    // MARK: Answers

    /// What an answer that is no success means.
    func failure(_ reply: HTTPReply, _ what: String) throws -> StorageError {
        let reason = "\(what): \(try Self.reason(reply))"
        switch reply.status {
        case 401 where !authorization.hasCredentials:
            return .unauthorized("\(reason): log in to \(reference.registry) first")
        case 401, 403: return .unauthorized(reason)
        case 404: return StorageError(code: .notFound, message: reason, errno: nil)
        case 429, 500...599: return .unreachable(reason)
        default: return .invalid(reason)
        }
    }

    /// What a registry says is wrong (distribution-spec, "Error Codes"), or the status.
    static func reason(_ reply: HTTPReply) throws -> String {
        // What cannot be read of an error's details is told by its status.
        let bytes = (try? reply.readAll(limit: 65536, "an error")) ?? []
        let list = try? JSONDecoder().decode(Errors.self, from: Data(bytes))  // as above
        guard let first = list?.errors.first else { return reply.statusText }
        let code = first.code.map { $0.lowercased().split(separator: "_").joined(separator: " ") }
        let words = [code, first.message].compactMap { $0 }.filter { !$0.isEmpty }
        let text = words.count == 2 && words[0] == words[1] ? words[0] : words.joined(separator: ": ")
        return text.isEmpty ? reply.statusText : String(text.shown.dropFirst().dropLast())
    }

    private struct Errors: Decodable {
        var errors: [Item]
        struct Item: Decodable {
            var code: String?
            var message: String?
        }
    }
}

extension RegistryClient {
    // MARK: Pulling

    /// A manifest or index, by tag or digest.
    ///
    /// - Throws: `StorageError`: `Code.notFound`, or `Code.invalidInput` when its content has another digest or size.
    func manifest(_ reference: String, size: Int64? = nil) throws -> FetchedManifest {
        let what = "reading manifest \(reference) in \(self.reference.name)"
        let types = ImageMediaType.manifests.union(ImageMediaType.indexes).sorted()
        let reply = try send(
            "GET", "\(self.reference.repository)/manifests/\(reference)", headers: types.map { ("Accept", $0) })
        guard reply.status == 200 else { throw try failure(reply, what) }
        let bytes = try complete(reply, what) { try reply.readAll(limit: ImageJSON.sizeLimit, what) }
        let digest = try Digest.of(bytes)
        if let wanted = Digest(reference) {
            guard wanted.algorithm == .sha256 else { throw StorageError.invalid("\(what): only SHA-256 is supported") }
            guard digest == wanted else {
                throw StorageError.invalid("\(what): its content has digest \(digest)")
            }
        } else if let told = reply.header("Docker-Content-Digest"), let told = Digest(told), told.algorithm == .sha256,
            told != digest
        {
            throw StorageError.invalid("\(what): the registry says \(told), but its content has digest \(digest)")
        }
        if let size, Int64(bytes.count) != size {
            throw StorageError.invalid("\(what): \(bytes.count) bytes instead of \(size)")
        }
        let type = reply.header("Content-Type")?.split(separator: ";")[0].trimmed
        // Servers of plain files announce any type; what the document itself says counts then.
        return FetchedManifest(
            bytes: bytes, digest: digest, announcedType: type.flatMap { types.contains($0) ? $0 : nil })
    }

    /// A small blob, verified.
    func document(_ descriptor: ImageDescriptor, _ what: String) throws -> [UInt8] {
        guard descriptor.size <= Int64(ImageJSON.sizeLimit) else {
            throw StorageError.limit("\(what) has \(descriptor.size) bytes; \(ImageJSON.sizeLimit) are allowed")
        }
        let reply = try blob(descriptor.digest)
        let bytes = try complete(reply, what) { try reply.readAll(limit: Int(descriptor.size), what) }
        guard Int64(bytes.count) == descriptor.size else {
            throw StorageError.invalid("\(what) has \(bytes.count) bytes instead of \(descriptor.size)")
        }
        guard try Digest.of(bytes) == descriptor.digest else {
            throw StorageError.invalid("\(what): its content has another digest")
        }
        return bytes
    }

    /// A blob from a byte on; the answer may begin at the first byte all the same, and has status 200 then.
    func blob(_ digest: Digest, from offset: Int64 = 0, patience: Int = patience) throws -> HTTPReply {
        let range = offset > 0 ? [("Range", "bytes=\(offset)-")] : []
        let reply = try send(
            "GET", try url("\(reference.repository)/blobs/\(digest)"), headers: range, patience: patience)
        guard reply.status == 200 || (reply.status == 206 && offset > 0) else {
            throw try failure(reply, "reading blob \(digest) in \(reference.name)")
        }
        return reply
    }

    private func complete<Result>(_ reply: HTTPReply, _ what: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as TransportError {
            throw StorageError.unreachable("\(what): \(error)")
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
