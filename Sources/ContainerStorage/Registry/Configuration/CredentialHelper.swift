internal import FoundationEssentials
internal import LinuxSys

/// A program that keeps credentials, `docker-credential-NAME`: told what to do by its argument, and the rest on standard
/// input (docker-credential-helpers, README). No shell is in between.
struct CredentialHelper: Sendable {
    /// What helpers print where they know nothing (docker-credential-helpers, credentials/error.go).
    private static let unknown = "credentials not found in native keychain"
    private let name: String
    private let path: String

    /// - Throws: `StorageError` when there is no such program.
    init(_ name: String) throws(StorageError) {
        self.name = "docker-credential-\(name)"
        guard !name.isEmpty, !name.contains("/") else { throw .invalid("\(name.shown) is no credential helper's name") }
        let folders = (StandardStream.environment("PATH") ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
        let file = self.name
        let found = folders.lazy.compactMap { Program.find("\($0)/\(file)") }.first ?? Program.find(file)
        guard let found else {
            throw .invalid("credential helper \(file), which auth.json or config.json names, is not in PATH")
        }
        path = found
    }

    /// What it keeps for a registry; nil if nothing.
    func credentials(for registry: String) throws(StorageError) -> RegistryCredentials? {
        guard let output = try run("get", [UInt8](registry)) else { return nil }
        let answer = try ImageDocuments.decode(Answer.self, output, "the answer of \(name)")
        if answer.username == "<token>" {
            return RegistryCredentials(username: "", password: "", identityToken: answer.secret)
        }
        return answer.username.isEmpty && answer.secret.isEmpty
            ? nil : RegistryCredentials(username: answer.username, password: answer.secret)
    }

    /// Gives it credentials to keep.
    func store(_ credentials: RegistryCredentials, for registry: String) throws(StorageError) {
        let document: [String: JSONValue] = [
            "ServerURL": .string(registry), "Username": .string(credentials.username),
            "Secret": .string(credentials.password),
        ]
        let input: [UInt8]
        do { input = try document.encoded() } catch { throw .invalid("credentials: \(error)") }
        _ = try run("store", input)
    }

    /// Has it forget a registry; whether it knew it.
    func erase(_ registry: String) throws(StorageError) -> Bool {
        try run("erase", [UInt8](registry)) != nil
    }

    /// Its output; nil if it knows nothing of the registry. What it says of an error is told, its output is not: that
    /// may be a secret.
    private func run(_ verb: String, _ input: [UInt8]) throws(StorageError) -> [UInt8]? {
        let kept = ["HOME", "USER", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME"]
        let own = kept.compactMap { name in StandardStream.environment(name).map { "\(name)=\($0)" } }
        let program = Program(path: path, arguments: [verb], environment: Program.minimalEnvironment + own)
        let done: ProgramOutput
        do { done = try program.run(input: input) } catch { throw .invalid("run \(name): \(error)") }
        if done.exitCode == 0 { return done.output }
        if String(decoding: done.output, as: UTF8.self).contains(Self.unknown) { return nil }
        let reason = done.errorText.split(whereSeparator: \.isNewline).last.map { ": \(String($0).shown)" } ?? ""
        throw .invalid("credential helper \(name) \(verb) failed with status \(done.exitCode)\(reason)")
    }

    private struct Answer: Decodable {
        var username: String
        var secret: String

        enum CodingKeys: String, CodingKey {
            case username = "Username"
            case secret = "Secret"
        }
    }
}
