/// Who a container's process is: the ids for the kernel, resolved in the container's own files.
public struct ContainerUser: Hashable, Sendable {
    /// User id.
    public var uid: UInt32
    /// Group id.
    public var gid: UInt32
    /// Groups besides `gid`.
    public var additionalGroups: [UInt32]
    /// Home directory; `/` if the user has none.
    public var home: String

    /// Resolves `user`, `uid`, `user:group` or any mixture of names and numbers; empty is root.
    ///
    /// A number is a decimal of 0 to 2147483647 without sign, space or leading zero, and nothing else ever
    /// becomes 0 (CVE-2024-40635). Additional groups are those that list the user, unless a group is given; as
    /// in runc's `user.GetExecUser`, which Podman uses.
    ///
    /// - Parameters:
    ///   - specification: an image's `User`, or `--user`.
    ///   - files: the container's root.
    /// - Returns: the ids and the home directory; a number that is not in passwd has home `/`, and group 0 unless one
    ///   is given.
    /// - Throws: `StorageError` in Podman's words when a name is not found or a number is out of range.
    public static func resolve(_ specification: String, in files: ContainerFiles) throws(StorageError) -> ContainerUser
    {
        try resolve(
            specification, passwd: try files.read("/etc/passwd") ?? [], group: try files.read("/etc/group") ?? [])
    }

    static func resolve(
        _ specification: String, passwd: [UInt8], group: [UInt8]
    ) throws(StorageError) -> ContainerUser {
        guard specification.utf8.count <= 512 else {
            throw .invalid("the user has \(specification.utf8.count) characters; 512 are allowed")
        }
        let parts = specification.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.count == 1 || !parts[1].isEmpty else {
            throw .invalid("invalid user \(specification.shown): use user, uid, user:group or uid:gid")
        }
        let user = parts[0].isEmpty ? "0" : parts[0]
        var found = ContainerUser(uid: 0, gid: 0, additionalGroups: [], home: "/")
        var name: String?
        let number = try identifier(user)
        if let account = accounts(passwd).first(where: { $0.name == user || $0.uid == number }) {
            found = ContainerUser(
                uid: account.uid, gid: account.gid, additionalGroups: [],
                home: account.home.isEmpty ? "/" : account.home)
            name = account.name
        } else if let number {
            found.uid = number
        } else {
            throw StorageError(
                code: .notFound, message: "unable to find user \(user.oneLine): no matching entries in passwd file",
                errno: nil)
        }
        let groups = groups(group)
        if parts.count == 2 {
            let number = try identifier(parts[1])
            guard let gid = groups.first(where: { $0.name == parts[1] || $0.gid == number })?.gid ?? number else {
                throw StorageError(
                    code: .notFound,
                    message: "unable to find group \(parts[1].oneLine): no matching entries in group file",
                    errno: nil)
            }
            found.gid = gid
        } else if let name {
            found.additionalGroups = groups.filter { $0.members.contains(name) }.map(\.gid)
        }
        return found
    }

    /// The lines that a container's passwd and group files lack for a number to have a name inside, as Podman adds
    /// them: for a uid that is not in passwd, and for a gid that was named and is not in group.
    ///
    /// - Parameters:
    ///   - specification: an image's `User`, or `--user`.
    ///   - home: the home directory that such a user gets.
    ///   - template: the line of such a user, with `$USERNAME`, `$UID`, `$GID`, `$NAME` and `$HOME`; Podman's if nil.
    ///   - files: the container's root.
    /// - Returns: the lines; nil where none is missing, or there is no such file.
    /// - Throws: `StorageError` as `resolve`.
    public static func missingLines(
        _ specification: String, home: String, template: String? = nil, in files: ContainerFiles
    ) throws(StorageError) -> (passwd: String?, group: String?) {
        let parts = specification.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let (passwd, group) = (try files.read("/etc/passwd"), try files.read("/etc/group"))
        var lines: (passwd: String?, group: String?) = (nil, nil)
        let gid = parts.count > 1 ? try identifier(parts[1]) : nil
        if let passwd, let uid = try identifier(parts[0]),
            !accounts(passwd).contains(where: { $0.uid == uid || $0.name == parts[0] })
        {
            let found = try resolve(specification, passwd: passwd, group: group ?? [])
            // A colon or a line's end would make other fields, or another user.
            let isPlain = !home.unicodeScalars.contains { $0 == ":" || $0.value < 32 }
            let values = [
                ("$USERNAME", "\(uid)"), ("$UID", "\(uid)"), ("$GID", "\(found.gid)"), ("$NAME", "container user"),
                ("$HOME", isPlain ? home : "/"),
            ]
            lines.passwd = values.reduce(template ?? "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh") { line, value in
                line.replacing(value.0, with: value.1)
            }
        }
        if let group, let gid, !groups(group).contains(where: { $0.gid == gid || $0.name == parts[1] }) {
            lines.group = "\(gid):x:\(gid):\(parts[0])"
        }
        return lines
    }

    /// The number that a text is; nil for a name.
    ///
    /// - Throws: `StorageError` for a decimal that is too large to be an id.
    private static func identifier(_ text: String) throws(StorageError) -> UInt32? {
        guard isDecimal(text) else { return nil }
        guard let number = UInt32(text), number <= UInt32(Int32.max) else {
            throw .invalid("uids and gids must be in range 0-2147483647")
        }
        return number
    }

    private static func isDecimal(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && (text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0"))
    }

    fileprivate struct Account {
        var name: String
        var uid: UInt32
        var gid: UInt32
        var home: String
    }

    fileprivate struct Group {
        var name: String
        var gid: UInt32
        var members: [String]
    }

    /// passwd(5): `name:password:uid:gid:comment:home:shell`. Lines that are not are passed over.
    fileprivate static func accounts(_ file: [UInt8]) -> [Account] {
        fields(file).compactMap { fields in
            guard fields.count >= 6, isDecimal(fields[2]), isDecimal(fields[3]), let uid = UInt32(fields[2]),
                let gid = UInt32(fields[3]), max(uid, gid) <= UInt32(Int32.max)
            else { return nil }
            return Account(name: fields[0], uid: uid, gid: gid, home: fields[5])
        }
    }

    /// group(5): `name:password:gid:member,member`.
    fileprivate static func groups(_ file: [UInt8]) -> [Group] {
        fields(file).compactMap { fields in
            guard fields.count >= 3, isDecimal(fields[2]), let gid = UInt32(fields[2]), gid <= UInt32(Int32.max)
            else { return nil }
            let members = fields.count > 3 ? fields[3].split(separator: ",").map(String.init) : []
            return Group(name: fields[0], gid: gid, members: members)
        }
    }

    private static func fields(_ file: [UInt8]) -> [[String]] {
        file.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.first != UInt8(ascii: "#") else { return nil }
            return line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }
}

/// The names of users and groups, by their numbers.
public struct AccountNames: Hashable, Sendable {
    /// Users' names.
    public var users: [UInt32: String] = [:]
    /// Groups' names.
    public var groups: [UInt32: String] = [:]

    /// No names.
    public init() {}

    /// The names in a root's `/etc/passwd` and `/etc/group`; of several, the first.
    ///
    /// - Throws: `StorageError` when one of them is no regular file or too large.
    public init(in files: ContainerFiles) throws(StorageError) {
        let (passwd, group) = (try files.read("/etc/passwd") ?? [], try files.read("/etc/group") ?? [])
        users = Dictionary(ContainerUser.accounts(passwd).map { ($0.uid, $0.name) }) { first, _ in first }
        groups = Dictionary(ContainerUser.groups(group).map { ($0.gid, $0.name) }) { first, _ in first }
    }
}

extension String {
    /// For messages in Podman's words, which have no quotes: control characters escaped, cut.
    fileprivate var oneLine: String { String(shown.dropFirst().dropLast()) }
}
