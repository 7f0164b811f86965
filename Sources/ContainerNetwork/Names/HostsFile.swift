public import WirePrimitives

/// The text of a container's /etc/hosts (hosts(5)), as Podman makes it.
public struct HostsFile: Hashable, Sendable {
    /// One line: an address and the names for it.
    public struct Entry: Hashable, Sendable {
        /// The address; text, because a base file may hold what is none.
        public var address: String
        /// At least one name.
        public var names: [String]

        /// An entry of `names` for `address`.
        public init(_ address: String, _ names: [String]) {
            self.address = address
            self.names = names
        }
    }

    /// Entries of `--add-host`, first in the file.
    public var added: [Entry] = []
    /// The text of the host's own file; empty for none.
    public var base = ""
    /// The address by which the container reaches the host; nil for none.
    public var hostAddress: IPAddress?
    /// The container's own addresses, IPv4 first.
    public var addresses: [IPAddress] = []
    /// The container's names: host name, then container name.
    public var ownNames: [String] = []

    /// A file with nothing but `localhost`.
    public init() {}

    /// The name by which a container reaches its host.
    public static let hostName = "host.containers.internal"

    /// Reads a value of `--add-host`: `NAME:ADDRESS`; the address may be `host-gateway`.
    ///
    /// - Throws: `NetworkError` of kind `invalid`, in Podman's words.
    public static func parseAdded(_ text: String, hostAddress: IPAddress?) throws(NetworkError) -> Entry {
        guard let colon = text.firstIndex(of: ":") else {
            throw NetworkError(.invalid, "unable to parse host entry \"\(text)\": incorrect format")
        }
        let name = String(text[..<colon])
        let address = String(text[text.index(after: colon)...])
        guard !name.isEmpty else { throw NetworkError(.invalid, "hostname in host entry \"\(text)\" is empty") }
        guard !address.isEmpty else { throw NetworkError(.invalid, "IP address in host entry \"\(text)\" is empty") }
        guard address == "host-gateway" else { return Entry(address, [name]) }
        guard let hostAddress else {
            throw NetworkError(.invalid, "unable to replace \"host-gateway\" of host entry \"\(text)\": host is empty")
        }
        return Entry(hostAddress.description, [name])
    }

    /// The file's text: one line an entry, address, tab, names.
    ///
    /// Entries that are made here keep only the names that the user's entries and the host's file do not have.
    public var text: String {
        let given = added + Self.entries(base)
        let taken = Set(given.flatMap(\.names))
        var own = [Entry("127.0.0.1", ["localhost"]), Entry("::1", ["localhost"])]
        if let hostAddress { own.append(Entry(hostAddress.description, [Self.hostName])) }
        own += addresses.map { Entry($0.description, ownNames) }
        let kept = own.map { Entry($0.address, $0.names.filter { !taken.contains($0) }) }
        return (given + kept).filter { !$0.names.isEmpty }
            .map { "\($0.address)\t\($0.names.joined(separator: " "))\n" }.joined()
    }

    /// A container's file with lines for addresses that it has got, if it has lines of its own at all; one that had no
    /// address before (`isFirst`) has none, and gets them.
    public static func adding(
        _ addresses: [IPAddress], names: [String], isFirst: Bool = false, to text: String
    ) -> String {
        let isNamed = isFirst || entries(text).contains { $0.names.contains(where: names.contains) }
        guard isNamed else { return text }
        return text + addresses.map { "\($0)\t\(names.joined(separator: " "))\n" }.joined()
    }

    /// A container's file without the lines of addresses that it has lost.
    public static func removing(_ addresses: [IPAddress], names: [String], from text: String) -> String {
        let gone = Set(addresses.map(\.description))
        let lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false).filter { line in
            guard let entry = entry(line), gone.contains(entry.address) else { return true }
            return !entry.names.contains(where: names.contains)
        }
        return lines.map { String(Substring($0)) }.joined(separator: "\n")
    }

    /// A container's file with its name as it is now: in the lines of its addresses that have its host name, the first of
    /// `names`, and one other.
    public static func renaming(_ addresses: [IPAddress], names: [String], in text: String) -> String {
        let own = Set(addresses.map(\.description))
        let lines = text.utf8.split(separator: newline, omittingEmptySubsequences: false).map { line in
            guard let entry = entry(line), own.contains(entry.address), entry.names.count == 2,
                entry.names.first == names.first
            else { return String(Substring(line)) }
            return "\(entry.address)\t\(names.joined(separator: " "))"
        }
        return lines.joined(separator: "\n")
    }

    private static let newline = UInt8(ascii: "\n")

    /// The entries of a file, without comments and lines that have no name.
    private static func entries(_ text: String) -> [Entry] {
        text.utf8.split(separator: newline).compactMap(entry)
    }

    /// The entry of a line, read as bytes, as glibc does: a letter's accent does not stick to the blank before it.
    private static func entry(_ line: Substring.UTF8View) -> Entry? {
        let content = line.prefix { $0 != UInt8(ascii: "#") }
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) }
        let words = content.split(whereSeparator: isBlank).map { String(Substring($0)) }
        return words.count > 1 ? Entry(words[0], Array(words.dropFirst())) : nil
    }
}
