internal import LinuxSys

/// Progress on standard error: one line that is redrawn on a terminal, a line a thing elsewhere.
final class LoadProgress {
    private let shown: Bool
    private let isTerminal: Bool
    private var current = ""
    private var lastDrawn: Int64 = 0

    init(shown: Bool) {
        self.shown = shown
        isTerminal = StandardStream.isTerminal(2)
    }

    /// Tells that so many bytes of something are done.
    func update(_ what: String, _ bytes: Int64) {
        guard shown else { return }
        if what != current {
            finish()
            current = what
            if !isTerminal { Output.errorLine(what) }
        }
        guard isTerminal, Clock.monotonic - lastDrawn > 100_000_000 else { return }
        lastDrawn = Clock.monotonic
        // Nobody is hurt by a progress line that cannot be drawn.
        try? StandardStream.write(2, "\r\u{1b}[K\(what)  \(HumanText.size(bytes))")
    }

    /// Ends the line that is being redrawn.
    func finish() {
        if isTerminal && lastDrawn > 0 { Output.errorLine("") }
        lastDrawn = 0
    }
}
