internal import LinuxSys
internal import OCISpec
internal import Synchronization

/// What is sent to one registry to be let in, for one repository: nothing, then what its challenge asks for.
final class RegistryAuthorization: Sendable {
    private let home: Origin
    private let credentials: RegistryCredentials?
    private let scope: String
    private let current = Mutex<String?>(nil)

    /// - Parameters:
    ///   - home: the registry.
    ///   - credentials: what the user has for it.
    ///   - scope: what a token is asked for: `repository:NAME:pull`; nothing if empty.
    init(home: Origin, credentials: RegistryCredentials?, scope: String) {
        self.home = home
        self.credentials = credentials
        self.scope = scope
    }

    /// The value of the `Authorization` header for requests to the registry itself, and to nobody else.
    var header: String? { current.withLock { $0 } }

    /// Whether there are credentials to try.
    var hasCredentials: Bool { credentials != nil }

    /// Gets a new header after a request with `used` was refused. Others who were refused the same wait, and use it.
    ///
    /// - Throws: `StorageError` with `Code.unauthorized` when nothing can be done.
    func renew(after used: String?, _ challenges: [AuthenticationChallenge], _ transport: HTTPTransport) throws {
        try current.withLock { header in
            if header != used { return }
            header = try answer(challenges, transport)
        }
    }

    private func answer(_ challenges: [AuthenticationChallenge], _ transport: HTTPTransport) throws -> String {
        for challenge in challenges {
            switch challenge.scheme {
            case "bearer": return "Bearer \(try token(challenge, transport))"
            case "basic":
                guard let credentials, credentials.identityToken == nil else { continue }
                return credentials.basic
            default: continue
            }
        }
        throw StorageError.unauthorized("\(home) wants a login: log in to it first")
    }

    // MARK: Tokens

    /// A token of the server that the registry names (distribution, docs/spec/auth/token.md). Credentials go there
    /// only if it plausibly belongs to the registry's owner: a registry must not be able to send them anywhere.
    private func token(_ challenge: AuthenticationChallenge, _ transport: HTTPTransport) throws -> String {
        let text = challenge.parameters["realm"] ?? ""
        guard let realm = RegistryURL(text) else {
            throw StorageError.refused("\(home) names a token server that is no HTTP URL: \(text.shown)")
        }
        guard realm.origin.scheme == .https || home.scheme == .http else {
            throw StorageError.refused("\(home) names a token server without TLS: \(realm.origin)")
        }
        guard !realm.origin.isForbidden || realm.origin.host == home.host else {
            throw StorageError.refused("\(home) names a token server at a link-local address: \(realm.origin)")
        }
        let isTrusted = realm.origin.isSameSite(as: home)
        var items: [(name: String, value: String)] = []
        if let service = challenge.parameters["service"] { items.append(("service", service)) }
        if !scope.isEmpty { items.append(("scope", scope)) }
        let reply: HTTPReply
        if isTrusted, let token = credentials?.identityToken {
            items += [("grant_type", "refresh_token"), ("client_id", "swiftlet"), ("refresh_token", token)]
            let form = RegistryURL("http://form")?.adding(items)?.description.split(separator: "?").last ?? ""
            reply = try transport.send(
                "POST", realm, headers: [("Content-Type", "application/x-www-form-urlencoded")],
                body: .bytes([UInt8](String(form))))
        } else {
            var headers: [(String, String)] = []
            if isTrusted, let credentials {
                items.append(("account", credentials.username))
                headers.append(("Authorization", credentials.basic))
            }
            guard let url = realm.adding(items) else {
                throw StorageError.refused("\(home) names a token server that is no URL: \(text.shown)")
            }
            reply = try transport.send("GET", url, headers: headers, body: .none)
        }
        return try read(reply, realm, isTrusted)
    }

    private func read(_ reply: HTTPReply, _ realm: RegistryURL, _ isTrusted: Bool) throws -> String {
        guard reply.status == 200 else {
            defer { reply.cancel() }
            if credentials != nil && !isTrusted {
                throw StorageError.unauthorized(
                    "\(home) names the token server \(realm.origin), which is another site's: the stored credentials "
                        + "were not sent there, and without them it answered \(reply.statusText)")
            }
            let reason = try RegistryClient.reason(reply)
            throw StorageError.unauthorized(
                credentials == nil
                    ? "token server \(realm.origin): \(reason)"
                    : "invalid username/password: token server \(realm.origin): \(reason)")
        }
        let bytes = try reply.readAll(limit: 1 << 20, "the answer of token server \(realm.origin)")
        let answer = try ImageDocuments.decode(Token.self, bytes, "the answer of token server \(realm.origin)")
        guard let token = answer.token ?? answer.accessToken, !token.isEmpty,
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw StorageError.invalid("the answer of token server \(realm.origin) has no token") }
        return token
    }

    private struct Token: Decodable {
        var token: String?
        var accessToken: String?

        enum CodingKeys: String, CodingKey {
            case token
            case accessToken = "access_token"
        }
    }
}
