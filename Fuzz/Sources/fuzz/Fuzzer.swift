import FoundationEssentials
import Glibc

/// The fuzzers: what a file or packet is read by, and what must hold whatever is in it. That no input ends the program
/// or takes it long is what libFuzzer itself looks after.
enum Fuzzer: String, CaseIterable {
    case addresses, challenge, containersConfiguration, dhcpFrame, digest, dnsMessage, dnsNetworkFile, dnsStream,
        hostFiles,
        imageReference, layer
    case manifest, publishedPorts, registriesConfiguration, template

    func check(_ input: [UInt8]) {
        switch self {
        case .addresses: checkAddresses(input)
        case .challenge: checkChallenge(input)
        case .containersConfiguration: checkContainersConfiguration(input)
        case .dhcpFrame: checkDHCPFrame(input)
        case .digest: checkDigest(input)
        case .dnsMessage: checkDNSMessage(input)
        case .dnsNetworkFile: checkDNSNetworkFile(input)
        case .dnsStream: checkDNSStream(input)
        case .hostFiles: checkHostFiles(input)
        case .imageReference: checkImageReference(input)
        case .layer: checkLayer(input)
        case .manifest: checkManifest(input)
        case .publishedPorts: checkPublishedPorts(input)
        case .registriesConfiguration: checkRegistriesConfiguration(input)
        case .template: checkTemplate(input)
        }
    }

    /// The one that the environment names; without a name, the program says which there are.
    static let chosen: Fuzzer = {
        let name = ProcessInfo.processInfo.environment["FUZZER"]
        let names = allCases.map(\.rawValue)
        if name == nil {
            print(names.joined(separator: "\n"))
            // libFuzzer takes exit(3) for a find.
            fflush(nil)
            _exit(0)
        }
        guard let fuzzer = name.flatMap(Fuzzer.init) else { fatalError("set FUZZER to one of: \(names)") }
        return fuzzer
    }()
}

/// What libFuzzer calls, once an input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    Fuzzer.chosen.check(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the program, and so reports the input, when something does not hold. (The message of `precondition` is not in
/// an optimized program.)
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}
