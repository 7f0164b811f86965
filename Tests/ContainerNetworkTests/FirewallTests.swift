import ContainerNetwork
import Testing
import WirePrimitives

@Suite struct FirewallTests {
    /// Where we differ from netavark 1.17.2 on purpose, by case and step: what to change in the record.
    static let deviations: [String: (from: String, to: String)] = [
        // Taking one isolated network down ends the isolation of all others there.
        "13-isolate/after-teardown1of3": (
            "-A FORWARD -m comment", "-A FORWARD -j NETAVARK_ISOLATION_1\n-A FORWARD -m comment"
        ),
        "20-isolate-strict/after-teardown1of3": (
            "-A FORWARD -m comment", "-A FORWARD -j NETAVARK_ISOLATION_1\n-A FORWARD -m comment"
        ),
        // A port chain stays there for ever when the last container published nothing.
        "15-dns-port-1153/after-teardown1of2": ("-N NETAVARK-DN-52A648766DA40\n", ""),
        "15-dns-port-1153/after-teardown": ("-N NETAVARK-DN-52A648766DA40\n", ""),
    ]

    @Test(arguments: GoldenCase.names)
    func `leaves the rules that netavark leaves, step by step`(name: String) throws {
        let golden = try GoldenCase(name)
        var host: [AddressFamily: FakeTables] = [.ipv4: FakeTables(), .ipv6: FakeTables()]
        let count = golden.containers.count
        for made in 1...count {
            let attached = golden.containers[..<made].flatMap { $0 }
            try sync(&host, attached, golden.dnsPort)
            try compare(host, golden, made == count ? "after-setup" : "after-setup\(made)")
        }
        for gone in 1...count {
            let attached = golden.containers[gone...].flatMap { $0 }
            try sync(&host, attached, golden.dnsPort)
            try compare(host, golden, gone == count ? "after-teardown" : "after-teardown\(gone)of\(count)")
        }
    }

    private func sync(
        _ host: inout [AddressFamily: FakeTables], _ attached: [AttachedContainer], _ dnsPort: UInt16
    ) throws {
        for family in AddressFamily.allCases {
            var tables = host[family] ?? FakeTables()
            for _ in 0..<2 {
                let present = Set(tables.tables.values.flatMap(\.chains.keys))
                let desired = FirewallProjection.render(attached, dnsPort: dnsPort, family: family, present: present)
                for (name, table) in desired {
                    let commands = IptablesDifference(from: tables.tables[name] ?? IptablesTable(), to: table).commands
                    try tables.load(commands, into: name)
                    let again = IptablesDifference(from: tables.tables[name] ?? IptablesTable(), to: table).commands
                    #expect(again == [], "a second look must find nothing to do")
                }
            }
            host[family] = tables
        }
    }

    private func compare(_ host: [AddressFamily: FakeTables], _ golden: GoldenCase, _ step: String) throws {
        var recorded = try golden.recorded(step)
        if let deviation = Self.deviations["\(golden.name)/\(step)"] {
            let parts = recorded.split(separator: deviation.from, omittingEmptySubsequences: false)
            #expect(parts.count > 1, "the deviation of \(golden.name)/\(step) is not in the record")
            recorded = parts.joined(separator: deviation.to)
        }
        var ours = ""
        for (program, family) in [("iptables", AddressFamily.ipv4), ("ip6tables", .ipv6)] {
            for table in ["nat", "filter"] {
                ours += "## \(program)-\(table)\n" + (host[family]?.listing(table) ?? "")
            }
        }
        #expect(ours == recorded, "\(golden.name)/\(step)")
    }

    @Test func `one more container costs four lines`() throws {
        let golden = try GoldenCase("06-bridge-two-containers")
        var tables = FakeTables()
        let first = FirewallProjection.render(golden.containers[0], family: .ipv4)
        for (name, table) in first {
            try tables.load(IptablesDifference(from: IptablesTable(), to: table).commands, into: name)
        }
        let both = FirewallProjection.render(golden.containers.flatMap { $0 }, family: .ipv4)
        let commands = both.flatMap { IptablesDifference(from: tables.tables[$0] ?? IptablesTable(), to: $1).commands }
        #expect(commands.count == 4)
        #expect(commands.allSatisfy { if case .append = $0 { true } else { false } })
    }

    @Test func `rules of others stay where they are`() throws {
        let golden = try GoldenCase("13-isolate")
        var tables = FakeTables()
        var filter = IptablesTable()
        filter.chains = ["DOCKER-USER": ["-j RETURN"], "KUBE-FORWARD": []]
        filter.builtIn = ["FORWARD": ["-j DOCKER-USER", "-s 1.2.3.4/32 -j DROP"], "INPUT": [], "OUTPUT": ["-j LOG"]]
        tables.tables["filter"] = filter
        for attached in [golden.containers.flatMap { $0 }, golden.containers[2], []] {
            let present = Set(tables.tables.values.flatMap(\.chains.keys))
            let desired = FirewallProjection.render(attached, family: .ipv4, present: present)
            for (name, table) in desired {
                try tables.load(
                    IptablesDifference(from: tables.tables[name] ?? IptablesTable(), to: table).commands, into: name)
            }
            let now = try #require(tables.tables["filter"])
            #expect(now.chains["DOCKER-USER"] == ["-j RETURN"])
            #expect(now.chains["KUBE-FORWARD"] == [])
            #expect(now.builtIn["OUTPUT"] == ["-j LOG"])
            #expect(now.builtIn["FORWARD"]?.suffix(2) == ["-j DOCKER-USER", "-s 1.2.3.4/32 -j DROP"])
        }
    }

    @Test func `puts back whatever was flushed, moved, doubled or added`() throws {
        let golden = try GoldenCase("20-isolate-strict")
        let desired = FirewallProjection.render(golden.containers.flatMap { $0 }, family: .ipv4)
        var whole = FakeTables()
        for (name, table) in desired {
            try whole.load(IptablesDifference(from: IptablesTable(), to: table).commands, into: name)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var broken = whole
            for name in ["nat", "filter"] {
                var table = try #require(broken.tables[name])
                for chain in table.chains.keys.sorted() { damage(&table.chains[chain, default: []], &generator) }
                for chain in table.builtIn.keys.sorted() { damage(&table.builtIn[chain, default: []], &generator) }
                broken.tables[name] = table
            }
            for (name, table) in desired {
                try broken.load(
                    IptablesDifference(from: broken.tables[name] ?? IptablesTable(), to: table).commands, into: name)
                #expect(broken.listing(name) == whole.listing(name))
            }
        }
    }

    private func damage(_ rules: inout [String], _ generator: inout SystemRandomNumberGenerator) {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: rules = []
        case 1: rules.shuffle(using: &generator)
        case 2: if let rule = rules.randomElement(using: &generator) { rules.append(rule) }
        case 3: if !rules.isEmpty { rules.remove(at: Int.random(in: 0..<rules.count, using: &generator)) }
        default: break
        }
    }

    @Test func `reads what iptables-save prints`() {
        let state = IptablesState(
            parsing: """
                # Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 23 22:00:00 2026
                *filter
                :INPUT ACCEPT [10:200]
                :FORWARD DROP [0:0]
                :NETAVARK_FORWARD - [0:0]
                -A FORWARD -m comment --comment "netavark firewall rules" -j NETAVARK_FORWARD
                -A NETAVARK_FORWARD -m conntrack --ctstate INVALID -j DROP
                COMMIT
                # Table `nat' is incompatible, use 'nft' tool.
                """)
        #expect(state.tables.keys.sorted() == ["filter"])
        #expect(state.tables["filter"]?.chains == ["NETAVARK_FORWARD": ["-m conntrack --ctstate INVALID -j DROP"]])
        #expect(
            state.tables["filter"]?.builtIn
                == ["INPUT": [], "FORWARD": ["-m comment --comment \"netavark firewall rules\" -j NETAVARK_FORWARD"]])
    }
}
