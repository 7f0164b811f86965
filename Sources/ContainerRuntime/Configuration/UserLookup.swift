public import OCISpec

/// Finds out whom `--user` means, by the container's own /etc/passwd and /etc/group (passwd(5), group(5)).
///
/// The files' contents come from whoever can read them without leaving the container's root; they are an image's,
/// so nothing in them is trusted: lines that are damaged are skipped.
public struct UserLookup: Sendable {
    /// A user and where its home is.
    public struct Result: Sendable, Hashable {
        /// Ids and supplementary groups.
        public var user: RuntimeUser
        /// The home directory; `/` for a user without an entry.
        public var home: String
    }

    private struct Entry {
        var name: Substring
        var uid: UInt32
        var gid: UInt32
        var home: Substring
    }

    private struct Group {
        var name: Substring
        var gid: UInt32
        var members: [Substring]
    }

    private let users: [Entry]
    private let groups: [Group]

    /// Reads both files' contents; empty where there is no file.
    public init(passwd: String, group: String) {
        users = passwd.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 6, let uid = Self.number(fields[2]), let gid = Self.number(fields[3]) else {
                return nil
            }
            return Entry(name: fields[0], uid: uid, gid: gid, home: fields[5])
        }
        groups = group.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count >= 4, let gid = Self.number(fields[2]) else { return nil }
            return Group(name: fields[0], gid: gid, members: fields[3].split(separator: ","))
        }
    }

    /// Whom `text` means: `USER`, `USER:GROUP`, each by name or number; root if empty.
    ///
    /// Only plain decimal numbers up to 4294967294 are numbers: nothing that is too large ever becomes root
    /// (CVE-2024-40635).
    ///
    /// - Throws: `RuntimeFailure` for a name that neither file has.
    public func find(_ text: String) throws(RuntimeFailure) -> Result {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "0"
        let entry: Entry
        if let found = users.first(where: { $0.name == name }) {
            entry = found
        } else if let uid = Self.number(name) {
            entry = users.first { $0.uid == uid } ?? Entry(name: "", uid: uid, gid: 0, home: uid == 0 ? "/root" : "/")
        } else {
            throw RuntimeFailure(
                .invalidProcess, "unable to find user \(name): no matching entries in passwd file")
        }
        let home = entry.home.isEmpty ? "/" : String(entry.home)
        guard parts.count > 1, !parts[1].isEmpty else {
            // Every group that lists the user, as a login has them (initgroups(3)).
            let more = entry.name.isEmpty ? [] : groups.filter { $0.members.contains(entry.name) }.map(\.gid)
            let others = Set(more).subtracting([entry.gid]).sorted()
            return Result(
                user: RuntimeUser(uid: entry.uid, gid: entry.gid, additionalGids: others.isEmpty ? nil : others),
                home: home)
        }
        return Result(user: RuntimeUser(uid: entry.uid, gid: try self.group(parts[1])), home: home)
    }

    /// The id of a group by name or number, as `--group-add` takes them.
    public func group(_ text: Substring) throws(RuntimeFailure) -> UInt32 {
        if let found = groups.first(where: { $0.name == text }) { return found.gid }
        if let gid = Self.number(text) { return gid }
        throw RuntimeFailure(.invalidProcess, "unable to find group \(text): no matching entries in group file")
    }

    private static func number(_ text: Substring) -> UInt32? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        // 4294967295 is (uid_t)-1, which system calls take for "unchanged".
        return UInt32(text).flatMap { $0 == .max ? nil : $0 }
    }
}
