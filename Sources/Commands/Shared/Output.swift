internal import LinuxSys

/// The two streams that a person sees. Every command writes through here.
enum Output {
    /// Writes a line to standard output.
    static func line(_ text: String) {
        write(1, text + "\n")
    }

    /// Writes a text to standard output; a newline is added if there is none at its end.
    static func text(_ text: String) {
        if text.isEmpty { return }
        write(1, text.hasSuffix("\n") ? text : text + "\n")
    }

    /// Writes a text to standard output as it is.
    static func verbatim(_ text: String) {
        if !text.isEmpty { write(1, text) }
    }

    /// Empties the terminal that standard output is, for what is shown again and again; nothing if it is none.
    static func clearTerminal() {
        if StandardStream.isTerminal(1) { verbatim("\u{1B}[H\u{1B}[2J") }
    }

    /// Writes `Error: …` to standard error.
    static func error(_ message: String) {
        write(2, "Error: \(message)\n")
    }

    /// Writes a line to standard error.
    static func errorLine(_ text: String) {
        write(2, text + "\n")
    }

    /// Asks a person on the terminal; no, if nobody answers y.
    static func confirm(_ question: String) -> Bool {
        write(1, question)
        // No answer is a no.
        let answer = (try? StandardStream.read(0, upTo: 64)) ?? []
        return [UInt8(ascii: "y"), UInt8(ascii: "Y")].contains(answer.first)
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        // Nobody is left to tell when the stream itself is closed or full; a broken pipe ends the command quietly.
        try? StandardStream.write(descriptor, text)
    }
}
