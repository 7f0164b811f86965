import Foundation
import Testing

/// Modules of the standard library, which every layer may import.
private let standardLibrary: Set<String> = ["Swift", "Synchronization"]

/// Which module may import which: the table of ARCHITECTURE.md. Arrows point down only.
private let allowed: [String: Set<String>] = [
    "CLinux": [],
    "LinuxSys": ["CLinux", "Glibc", "SystemPackage"],
    "WirePrimitives": [],
    "OCISpec": ["FoundationEssentials"],
    "GoTemplate": [],
    "TOMLReader": ["TOMLKit"],
    "Netlink": ["LinuxSys", "WirePrimitives"],
    "DNSService": ["LinuxSys", "WirePrimitives"],
    "DHCPService": ["Netlink", "LinuxSys", "WirePrimitives"],
    "ContainerNetwork": ["Netlink", "LinuxSys", "WirePrimitives", "Crypto", "FoundationEssentials"],
    "ContainerStorage": [
        "OCISpec", "TOMLReader", "LinuxSys", "Crypto", "FoundationEssentials", "AsyncHTTPClient", "NIOCore",
        "NIOHTTP1", "NIOPosix", "NIOSSL",
    ],
    "ContainerRuntime": ["OCISpec", "LinuxSys", "FoundationEssentials"],
    "ContainerEngine": [
        "ContainerNetwork", "ContainerStorage", "ContainerRuntime", "OCISpec", "TOMLReader", "WirePrimitives",
        "LinuxSys", "FoundationEssentials",
    ],
    "Commands": [
        "ContainerEngine", "GoTemplate", "OCISpec", "LinuxSys", "ArgumentParser", "FoundationEssentials",
        "ContainerNetwork", "WirePrimitives",
    ],
    "swiftlet": ["Commands"],
    "swiftlet-dns": ["DHCPService", "DNSService"],
]

@Suite("Layers") struct Layers {
    @Test("Every target has a row in the table, and every row a target")
    func everyTargetIsListed() throws {
        let folders = try Repository.folders(under: "Sources")
        print("Layers: \(folders.count) targets")
        #expect(folders == allowed.keys.sorted())
    }

    @Test("A target imports what its layer allows, and nothing else", arguments: allowed.keys.sorted())
    func importsStayInsideTheLayer(target: String) throws {
        let files = try Repository.swiftFiles(under: "Sources/\(target)")
        print("Layers: \(files.count) files in \(target)")
        // CLinux is C; what it includes is the compiler's matter.
        #expect(files.isEmpty == (target == "CLinux"))
        for file in files {
            for (index, line) in file.code.enumerated() {
                guard let found = importedModule(in: line) else { continue }
                let isAllowed = standardLibrary.union(allowed[target] ?? []).contains(found.module)
                #expect(isAllowed, "\(file.place(index)) imports \(found.module)")
                #expect(
                    !(found.isPublic && found.module == "FoundationEssentials"),
                    "\(file.place(index)): FoundationEssentials must not be part of an interface")
            }
        }
    }

    @Test(
        "Imports are recognised in every form",
        arguments: [
            ("import Glibc", "Glibc"), ("  @testable import Netlink", "Netlink"),
            ("internal import struct SystemPackage.Errno", "SystemPackage"),
            ("@preconcurrency public import Foundation.NSData", "Foundation"),
            ("let important = 1", nil), ("imported Glibc", nil),
        ] as [(String, String?)])
    func importForms(line: String, module: String?) {
        #expect(importedModule(in: line[...])?.module == module)
    }
}

private func importedModule(in line: Substring) -> (module: String, isPublic: Bool)? {
    let form =
        #/
        \s* (?: @\w+ (?: \( \w+ \) )? \s+ )*         # attributes
        (?<level> (?: public | package | internal | fileprivate | private ) \s+ )?
        import \s+
        (?: (?: struct | class | enum | protocol | func | var | let | typealias ) \s+ )?
        (?<module> \w+ )
        /#
    guard let match = line.prefixMatch(of: form) else { return nil }
    return (String(match.module), match.level?.hasPrefix("public") == true)
}
