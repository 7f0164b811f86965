internal import ContainerEngine
internal import LinuxSys

/// Asks a person which image is meant: the arrow keys go through the list, Enter takes one.
enum ImageChoice {
    private static let title = "\u{1b}[34m?\u{1b}[0m Please select an image: "

    /// The question, where somebody is at a terminal to answer it.
    static var onTerminal: (@Sendable ([String]) throws -> String)? {
        guard StandardStream.isTerminal(0), StandardStream.isTerminal(1) else { return nil }
        return { names in try ask(names) }
    }

    /// What a key does.
    enum Key: Equatable {
        case up, down, take, leave, other

        /// The keys in what was read at once; arrows send three bytes (console_codes(4)).
        static func keys(_ bytes: [UInt8]) -> [Key] {
            var keys: [Key] = []
            var rest = bytes[...]
            while let byte = rest.popFirst() {
                switch byte {
                case 0x0D, 0x0A: keys.append(.take)
                // Ctrl-C and Ctrl-D.
                case 0x03, 0x04: keys.append(.leave)
                case 0x10, UInt8(ascii: "k"): keys.append(.up)
                case 0x0E, UInt8(ascii: "j"): keys.append(.down)
                case 0x1B where rest.starts(with: [UInt8(ascii: "["), UInt8(ascii: "A")]):
                    keys.append(.up)
                    rest = rest.dropFirst(2)
                case 0x1B where rest.starts(with: [UInt8(ascii: "["), UInt8(ascii: "B")]):
                    keys.append(.down)
                    rest = rest.dropFirst(2)
                default: keys.append(.other)
                }
            }
            return keys
        }
    }

    private static func ask(_ names: [String]) throws -> String {
        let terminal = try RawTerminal(0)
        defer { terminal.restore() }
        let input = try StandardStream.duplicate(0)
        var chosen = 0
        try StandardStream.write(1, "\u{1b}[?25l" + drawing(names, chosen))
        while true {
            let bytes = try input.read(upTo: 64)
            for key in bytes.isEmpty ? [.leave] : Key.keys(bytes) {
                switch key {
                case .up: chosen = max(0, chosen - 1)
                case .down: chosen = min(names.count - 1, chosen + 1)
                case .take:
                    try StandardStream.write(
                        1, erasing(names) + "\u{1b}[32m✔\u{1b}[0m \(names[chosen])\r\n\u{1b}[?25h")
                    return names[chosen]
                case .leave:
                    try StandardStream.write(1, erasing(names) + "\u{1b}[?25h")
                    throw EngineError("no image was chosen")
                case .other: continue
                }
                try StandardStream.write(1, erasing(names) + drawing(names, chosen))
            }
        }
    }

    private static func drawing(_ names: [String], _ chosen: Int) -> String {
        let lines = names.enumerated().map { index, name in
            index == chosen ? "  \u{1b}[1m▸\u{1b}[0m \u{1b}[4m\(name)\u{1b}[0m" : "    \(name)"
        }
        return ([title] + lines).map { "\u{1b}[2K\($0)\r\n" }.joined()
    }

    /// Back to the first line, and all that was drawn away.
    private static func erasing(_ names: [String]) -> String { "\u{1b}[\(names.count + 1)A\r\u{1b}[J" }
}
