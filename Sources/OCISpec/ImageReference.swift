/// An image's full name: registry, repository, and a tag or a digest (distribution's `reference` grammar).
///
/// A value is always complete and normal: it has a registry, and `docker.io/alpine` is
/// `docker.io/library/alpine`. `ImageReference(parsing: x.description) == x` for every value.
public struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    /// The registry's host, with a port if need be: `docker.io`, `localhost`, `[::1]:5000`.
    public let registry: String
    /// The repository in it: `library/alpine`.
    public let repository: String
    /// The tag; nil if only a digest names the image.
    public let tag: String?
    /// The manifest's digest, if the name has one.
    public let digest: Digest?

    /// Registry and repository, without tag and digest.
    public var name: String { "\(registry)/\(repository)" }

    /// `registry/repository[:tag][@digest]`.
    public var description: String {
        name + (tag.map { ":" + $0 } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// Reads a name as registries and `docker-archive` mean it: one without a registry is Docker Hub's.
    ///
    /// No tag is put in. (`reference.ParseNormalizedNamed` of distribution.)
    ///
    /// - Throws: `ImageReferenceError` saying what is wrong.
    public init(parsing text: String) throws(ImageReferenceError) {
        let parts = try Parts(text)
        if Digest(.sha256, hex: parts.name) != nil {
            throw .init(text, "64 hex digits are an image's id and cannot be a name")
        }
        try self.init(parts, registry: parts.registry ?? "docker.io", text)
    }

    /// Reads a name as Podman means it for images of this machine: one without a registry gets `localhost/`,
    /// one without tag and digest gets `latest`, and a tag beside a digest is dropped.
    ///
    /// (`libimage.NormalizeName` of Podman.)
    ///
    /// - Throws: `ImageReferenceError` saying what is wrong.
    public init(local text: String) throws(ImageReferenceError) {
        let parts = try Parts(text)
        let full = try ImageReference(parts, registry: parts.registry ?? "localhost", text)
        self = full.digest != nil ? full.with(tag: nil) : full.with(tag: full.tag ?? "latest")
    }

    /// The names that `text` can mean for an image of this machine, in the order in which Podman tries them:
    /// as it stands if it has a registry, else `localhost/` and then each registry of `search`, which is
    /// `unqualified-search-registries` of registries.conf.
    ///
    /// - Throws: `ImageReferenceError` saying what is wrong.
    public static func candidates(_ text: String, search: [String]) throws(ImageReferenceError) -> [ImageReference] {
        let parts = try Parts(text)
        guard parts.registry == nil else { return [try ImageReference(local: text)] }
        var candidates: [ImageReference] = []
        for registry in ["localhost"] + search {
            let candidate = try ImageReference(local: "\(registry)/\(text)")
            if !candidates.contains(candidate) { candidates.append(candidate) }
        }
        return candidates
    }

    /// The same with another tag.
    public func with(tag: String?) -> ImageReference {
        ImageReference(registry: registry, repository: repository, tag: tag, digest: digest)
    }

    /// Registry and repository with a manifest's digest: an entry of `RepoDigests`.
    public func with(digest: Digest) -> ImageReference {
        ImageReference(registry: registry, repository: repository, tag: nil, digest: digest)
    }

    private init(registry: String, repository: String, tag: String?, digest: Digest?) {
        self.registry = registry
        self.repository = repository
        self.tag = tag
        self.digest = digest
    }

    private init(_ parts: Parts, registry: String, _ text: String) throws(ImageReferenceError) {
        let registry = registry == "index.docker.io" ? "docker.io" : registry
        let official = registry == "docker.io" && !parts.repository.contains("/")
        self.init(
            registry: registry, repository: official ? "library/" + parts.repository : parts.repository,
            tag: parts.tag, digest: parts.digest)
        guard name.utf8.count <= 255 else { throw .init(text, "the name is longer than 255 bytes") }
    }
}

extension ImageReference: Codable {
    /// Reads the text form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do throws(ImageReferenceError) {
            try self.init(parsing: container.decodeText())
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    /// Writes the text form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension SingleValueDecodingContainer {
    fileprivate func decodeText() throws(ImageReferenceError) -> String {
        do { return try decode(String.self) } catch { throw .init("", "not a text") }
    }
}

/// Why a text is no image's name.
public struct ImageReferenceError: Error, Hashable, CustomStringConvertible, Sendable {
    /// The text, cut to 100 characters.
    public var text: String
    /// What is wrong with it.
    public var reason: String

    /// One line.
    public var description: String { "invalid image name \"\(text)\": \(reason)" }

    init(_ text: String, _ reason: String) {
        self.text = String(text.prefix(100))
        self.reason = reason
    }
}

/// A text split into the grammar's parts, each of them checked.
private struct Parts {
    /// The first component, if it is a host by distribution's rule: it has a dot or colon or is `localhost`.
    var registry: String?
    var repository: String
    var tag: String?
    var digest: Digest?
    /// Registry and repository as they were written.
    var name: String

    init(_ text: String) throws(ImageReferenceError) {
        guard !text.isEmpty else { throw .init(text, "it is empty") }
        // A longer text cannot be right, and is not looked through: 255 for the name, 128 each for the others.
        guard text.utf8.count <= 1024 else { throw .init(text, "it is longer than 1024 bytes") }
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            let word = String(rest[rest.index(after: at)...])
            guard let digest = Digest(word) else {
                throw .init(text, "what follows @ must be sha256: and 64 lower-case hex digits")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].lastIndex(of: ":") {
            let tag = String(rest[rest.index(after: colon)...])
            guard Self.isTag(tag) else {
                throw .init(
                    text, "a tag has 1 to 128 letters, digits, '_', '.', '-' and starts with none of the last two")
            }
            self.tag = tag
            rest = rest[..<colon]
        }
        name = String(rest)
        if let slash = rest.firstIndex(of: "/"), Self.looksLikeHost(rest[..<slash]) {
            let host = String(rest[..<slash])
            guard Self.isHost(host) else { throw .init(text, "\"\(host.prefix(64))\" is no registry host") }
            registry = host
            rest = rest[rest.index(after: slash)...]
        }
        repository = String(rest)
        for component in rest.split(separator: "/", omittingEmptySubsequences: false) {
            guard Self.isComponent(component) else {
                let upper = component.utf8.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
                throw .init(
                    text,
                    upper
                        ? "repository name must be lowercase"
                        : "\"\(component.prefix(64))\" is no part of a name; use a-z, 0-9, and '.', '_', '-' between"
                )
            }
        }
    }

    private static func looksLikeHost(_ text: Substring) -> Bool {
        text == "localhost" || text.contains { $0 == "." || $0 == ":" }
    }

    private static func isHost(_ text: String) -> Bool {
        var name = text[...]
        if let port = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: port)...]
            guard let number = UInt16(digits), number > 0, digits.utf8.allSatisfy(isDigit) else { return false }
            name = text[..<port]
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            let address = name.dropFirst().dropLast()
            return address.contains(":") && address.utf8.allSatisfy { isHexadecimal($0) || $0 == UInt8(ascii: ":") }
        }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            let bytes = label.utf8
            guard let first = bytes.first, let last = bytes.last else { return false }
            return isAlphanumeric(first) && isAlphanumeric(last)
                && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isTag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
        let isWord = { (byte: UInt8) in isAlphanumeric(byte) || byte == UInt8(ascii: "_") }
        return isWord(first)
            && text.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
    }

    /// Lower-case letters and digits; between them `.`, `_`, `__`, or any number of `-`.
    private static func isComponent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isLower(first), isLower(last) else { return false }
        var separator: [UInt8] = []
        for byte in bytes {
            if isLower(byte) {
                let allowed =
                    separator.isEmpty || separator.allSatisfy { $0 == UInt8(ascii: "-") }
                    || [Array(".".utf8), Array("_".utf8), Array("__".utf8)].contains(separator)
                guard allowed else { return false }
                separator = []
            } else {
                separator.append(byte)
            }
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLower(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLower(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
    }
}
