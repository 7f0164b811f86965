import LinuxSys
import OCISpec
import Testing

@testable import ContainerStorage

@Suite struct ContainerFilesTests {
    let test: TestStorage
    let root: String
    let files: ContainerFiles

    init() throws {
        test = try TestStorage()
        root = test.path + "/rootfs"
        try File.makeDirectories(root + "/etc")
        files = try ContainerFiles(root: root)
    }

    @Test func linksLeadNoFurtherThanTheRoot() throws {
        try File.link(root + "/etc/passwd", to: "/secret")
        #expect(try files.read("/etc/passwd") == nil)
        try File.write(root + "/secret", "inside")
        #expect(try files.read("/etc/passwd") == Array("inside".utf8))
        try File.link(root + "/up", to: "../../../../../../etc/hostname")
        #expect(try files.read("/up") == nil)
    }

    /// CVE-2024-9676: a FIFO, device or endless file in the place of /etc/passwd.
    @Test func onlySmallRegularFilesAreRead() throws {
        let directory = try BeneathDirectory(opening: root)
        try directory.makeNode([UInt8]("fifo".utf8), .fifo, device: DeviceNumber(major: 0, minor: 0))
        try directory.makeNode([UInt8]("zero".utf8), .characterDevice, device: DeviceNumber(major: 1, minor: 5))
        try directory.createFile([UInt8]("huge".utf8)).truncate(to: 10 << 30)
        for name in ["fifo", "zero", "huge", "etc"] {
            #expect(throws: StorageError.self, "\(name)") { try files.read(name) }
        }
    }

    /// Podman CVE-2026-55686: a working directory through a link must not be made on the host.
    @Test func directoriesAreMadeInside() throws {
        let outside = test.path + "/outside"
        try File.makeDirectories(outside)
        try File.link(root + "/w", to: outside)
        #expect(throws: StorageError.self) { try files.makeDirectories("/w/x", owner: 1, group: 2) }
        #expect(try File.names(in: outside).isEmpty)
        try files.makeDirectories("/srv/../app/data/", owner: 5, group: 6)
        let made = try BeneathDirectory(opening: root + "/app/data").descriptor.status()
        #expect([made.owner, made.group, made.permissions] == [5, 6, 0o755])
        #expect(!File.exists(root + "/srv"))
    }

    @Test func aLineIsAddedToARegularFileInsideAlone() throws {
        try files.append(line: "never", to: "/etc/group")
        #expect(try files.read("/etc/group") == nil)
        try File.write(root + "/etc/group", "root:x:0:")
        try files.append(line: "five:x:5:", to: "/etc/group")
        #expect(try files.read("/etc/group") == Array("root:x:0:\nfive:x:5:\n".utf8))
        let outside = test.path + "/outside"
        try File.write(outside, "host")
        try File.link(root + "/etc/passwd", to: outside)
        try files.append(line: "evil", to: "/etc/passwd")
        #expect(try File.readText(outside) == "host")
    }

    @Test func theMountTableIsALinkUnlessSomethingIsThere() throws {
        try files.makeMountTableLink()
        #expect(try File.linkTarget(root + "/etc/mtab") == "/proc/mounts")
        try files.makeMountTableLink()
        try File.removeTree(root + "/etc")
        try files.makeMountTableLink()
        #expect(!File.exists(root + "/etc"))
    }

    @Test func aNumberLacksALineWhereNoAccountHasIt() throws {
        try File.write(root + "/etc/passwd", Self.passwd)
        try File.write(root + "/etc/group", Self.group)
        let lines = try ContainerUser.missingLines("1234:77", home: "/data", in: files)
        #expect(lines.passwd == "1234:*:1234:77:container user:/data:/bin/sh")
        #expect(lines.group == "77:x:77:1234")
        let known = try ContainerUser.missingLines("33:4", home: "/", in: files)
        #expect(known == (nil, nil))
        let named = try ContainerUser.missingLines("web", home: "/", in: files)
        #expect(named == (nil, nil))
        // What comes from an image must not become a line of its own.
        let hostile = try ContainerUser.missingLines("1234", home: "/x:/bin/sh\nroot2:x:0:0::/", in: files)
        #expect(hostile.passwd == "1234:*:1234:0:container user:/:/bin/sh")
    }

    @Test func aTreeIsGivenAwayWithoutFollowingLinks() throws {
        let (top, outside) = (test.path + "/tree", test.path + "/kept")
        try File.makeDirectories(top + "/a/b")
        try File.write(top + "/a/b/file", "x")
        try File.write(outside, "x")
        try File.link(top + "/a/link", to: outside)
        try TreeOwner.change(top, owner: 55, group: 66)
        for path in [top, top + "/a", top + "/a/b", top + "/a/b/file"] {
            let status = try File.status(path)
            #expect([status.owner, status.group] == [55, 66], "\(path)")
        }
        #expect(try File.status(outside).owner != 55)
        #expect(throws: StorageError.self) { try TreeOwner.change("/etc", owner: 55, group: 66) }
    }

    private static let passwd = """
        root:x:0:0:root:/root:/bin/sh
        broken
        evil:x:0x0:+0:::
        web:x:33:33:web:/var/www:/bin/sh
        1005:x:77:78::/home/number:
        """
    private static let group = "root:x:0:\nadm:x:4:web,x\nwww:x:33:\nhuge:x:4294967296:web\nextra:x:1000:web\n"

    @Test(
        "a user is resolved as in Podman",
        arguments: [
            ("", 0, 0, [], "/root"), ("root", 0, 0, [], "/root"), ("web", 33, 33, [4, 1000], "/var/www"),
            ("33", 33, 33, [4, 1000], "/var/www"), ("web:adm", 33, 4, [], "/var/www"), ("web:5", 33, 5, [], "/var/www"),
            ("1000", 1000, 0, [], "/"), ("1000:www", 1000, 33, [], "/"), ("2147483647:0", 2_147_483_647, 0, [], "/"),
            ("1005", 77, 78, [], "/home/number"), (":5", 0, 5, [], "/root"),
        ] as [(String, UInt32, UInt32, [UInt32], String)])
    func user(_ text: String, _ uid: UInt32, _ gid: UInt32, _ groups: [UInt32], _ home: String) throws {
        let user = try ContainerUser.resolve(text, passwd: Array(Self.passwd.utf8), group: Array(Self.group.utf8))
        #expect(user == ContainerUser(uid: uid, gid: gid, additionalGroups: groups, home: home))
    }

    /// CVE-2024-40635 and its kind: nothing becomes root by accident.
    @Test(
        "what is no user is refused",
        arguments: [
            ("nobody", "unable to find user nobody: no matching entries in passwd file"),
            ("web:none", "unable to find group none: no matching entries in group file"),
            ("2147483648", "uids and gids must be in range 0-2147483647"),
            ("4294967296", "uids and gids must be in range 0-2147483647"),
            ("99999999999999999999", "uids and gids must be in range 0-2147483647"),
            ("1:4294967296", "uids and gids must be in range 0-2147483647"),
            ("-1", "unable to find user -1"), ("0x0", "unable to find user"), ("00", "unable to find user"),
            (" 0", "unable to find user"), ("+0", "unable to find user"), ("evil", "unable to find user"),
            ("1:", "invalid user"), (":", "invalid user"), ("1:2:3", "invalid user"),
            (String(repeating: "0", count: 10 << 20), "characters"),
        ])
    func refused(_ text: String, _ reason: String) throws {
        let error = try #require(throws: StorageError.self) {
            try ContainerUser.resolve(text, passwd: Array(Self.passwd.utf8), group: Array(Self.group.utf8))
        }
        #expect(error.message.contains(reason), "\(error)")
        #expect(error.message.utf8.count < 1000)
    }
}

@Suite struct VolumeTests {
    let test: TestStorage

    init() throws {
        test = try TestStorage()
    }

    @Test("a name that could be a path is refused", arguments: ["", "..", ".x", "-x", "a/b", "a b", "\u{fc}", "a\n"])
    func names(_ name: String) {
        #expect(throws: StorageError.self) { try test.storage.volumes.create(name) }
    }

    @Test func aVolumeIsMadeListedAndRemoved() throws {
        let path = try test.storage.volumes.create("data")
        #expect(path == test.path + "/root/volumes/data/_data")
        #expect(try File.identity(path).mode & 0o777 == 0o755)
        try test.storage.volumes.create("data")
        #expect(try test.storage.volumes.names() == ["data"])
        try test.storage.volumes.remove("data")
        try test.storage.volumes.remove("data")
        #expect(try test.storage.volumes.names().isEmpty)
    }

    @Test func theImagesContentIsCopiedIntoANewVolumeOnly() throws {
        let layer = try test.unpack(
            TarWriter.stream {
                $0.add("real/", type: "5", mode: 0o750, owner: 9, group: 10, modified: 77)
                $0.add("real/a", mode: 0o4711, owner: 3, text: "content", pax: [("SCHILY.xattr.user.n", [1])])
                $0.add("real/b", type: "1", link: "real/a")
                $0.add("real/in/link", type: "2", link: "/etc/passwd")
                $0.add("real/in/fifo", type: "6")
                $0.add("v", type: "2", link: "/real")
            })
        let root = try ContainerFiles(root: layer.path)
        let path = try test.storage.volumes.create("data")
        #expect(try test.storage.volumes.copyUp("data", from: root, at: "/v"))
        let copy = UnpackedLayer(pending: layer.pending, path: path, files: try BeneathDirectory(opening: path))
        #expect(try copy.text("a") == "content")
        #expect(try copy.status("a").permissions == 0o4711)
        #expect(try copy.attributes("a")["user.n"] == [1])
        #expect(try copy.status("a").inode == copy.status("b").inode)
        #expect(try copy.status("in/link").type == .symbolicLink)
        #expect(try copy.status("in/fifo").type == .fifo)
        let top = try copy.files.descriptor.status()
        #expect([top.permissions, top.owner, top.group] == [0o750, 9, 10])
        #expect(top.modified == FileTime(seconds: 77))
        #expect(try !test.storage.volumes.copyUp("data", from: root, at: "/real/in"), "it is not empty any more")
        try test.storage.volumes.create("other")
        #expect(try !test.storage.volumes.copyUp("other", from: root, at: "/missing"))
        #expect(try !test.storage.volumes.copyUp("other", from: root, at: "/real/a"))
    }
}
