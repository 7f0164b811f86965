import FoundationEssentials

/// The fuzzers: what a file or packet is read by, and what must hold whatever is in it. That no input ends the program
/// or takes it long is what libFuzzer itself looks after.
enum Fuzzer: String, CaseIterable {
    case addresses, hostFiles, imageReference, publishedPorts, template

    func check(_ input: [UInt8]) {
        switch self {
        case .addresses: checkAddresses(input)
        case .hostFiles: checkHostFiles(input)
        case .imageReference: checkImageReference(input)
        case .publishedPorts: checkPublishedPorts(input)
        case .template: checkTemplate(input)
        }
    }

    /// The one that the environment names.
    static let chosen: Fuzzer = {
        guard let fuzzer = Fuzzer(rawValue: ProcessInfo.processInfo.environment["FUZZER"] ?? "") else {
            fatalError("set FUZZER to one of: \(allCases.map(\.rawValue).joined(separator: " "))")
        }
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
