import Testing

@testable import ContainerEngine

/// What /proc says of a process, read.
@Suite struct ProcessTests {
    static let status = """
        Name:\tsleep
        Uid:\t1000\t1001\t0\t0
        Gid:\t7\t8\t0\t0
        Groups:\t10 1000\u{20}
        NSpid:\t673\t6
        CapInh:\t0000000000000000
        CapEff:\t0000000000000401
        Seccomp:\t2
        """

    func process(_ stat: String, arguments: String = "") -> ContainerProcess? {
        ContainerProcess(
            hostPID: 673, bootTime: 1000, stat: stat, status: Self.status, arguments: Array(arguments.utf8), label: nil)
    }

    @Test func `a name may hold anything, parentheses too`() throws {
        let stat = "673 (a) R (b) S 1 1 1 34816 1 0 0 0 0 0 12 3 0 0 20 -5 1 0 250 2322432 345 0"
        let found = try #require(process(stat, arguments: "sleep\u{0}1000\u{0}"))
        #expect(found.name == "a) R (b" && found.state == "S")
        #expect(found.terminal == "pts/0" && found.nice == -5)
        #expect(found.processorTime == 150_000_000 && found.started == 1_002_000_000_000)
        #expect(found.virtualSize == 2_322_432 && found.residentSize == 345 * 4096)
        #expect(found.arguments == ["sleep", "1000"])
        #expect(found.users == [1000, 1001, 0, 0] && found.groups == [7, 8, 0, 0])
        #expect(found.additionalGroups == [10, 1000] && found.seccomp == "filter")
        #expect(found.capabilities["Eff"] == ["CHOWN", "NET_BIND_SERVICE"] && found.capabilities["Inh"] == [])
    }

    @Test(arguments: ["", "673", "673 (a", "673 )a( S 1", "673 (a) S 1 2 3"])
    func `what is no process's text is none`(stat: String) {
        #expect(process(stat) == nil)
    }

    @Test(arguments: [
        (0, nil), (34816, "pts/0"), (34819, "pts/3"), (35072, "pts/256"), (1025, "tty1"), (1281, "console"),
    ])
    func `a terminal has its name by its number`(number: Int, name: String?) throws {
        let stat = "1 (a) Z 1 1 1 \(number) 1 0 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0 0"
        let found = try #require(process(stat))
        #expect(found.terminal == name)
        // One that has ended has no arguments any more.
        #expect(found.arguments.isEmpty)
    }
}
