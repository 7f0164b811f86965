internal import ContainerEngine
internal import LinuxSys
internal import Synchronization

/// Progress of a transfer on standard error, in Podman's lines: on a terminal a bar for each blob.
final class TransferProgress: Sendable {
    private struct Bar {
        var digest: String
        var done: Int64
        var size: Int64
        /// What stands in the bar's place: `done`, `skipped: already exists`.
        var end: String?
    }

    private struct State {
        /// Whether the first line of an image is there, and its last one not yet.
        var hasBegun = false
        var bars: [Bar] = []
        /// How many of them are on the screen.
        var drawn = 0
        var lastDrawn: Int64 = 0
    }

    private let shown: Bool
    /// Whether an image's first line is about its source, as of all but archives that are written.
    private let tellsSource: Bool
    private let isTerminal = StandardStream.isTerminal(2)
    private let state = Mutex(State())

    init(shown: Bool, tellsSource: Bool = true) {
        self.shown = shown
        self.tellsSource = tellsSource
    }

    /// Shows the first line of an image, unless it is there: before what takes long, or with the first event.
    func begin() {
        state.withLock { state in
            guard shown, tellsSource, !state.hasBegun else { return }
            state.hasBegun = true
            Output.errorLine("Getting image source signatures")
        }
    }

    /// Shows what happened. Any thread may call.
    func show(_ event: TransferEvent) {
        if case .warning(let text) = event { return line("WARNING: \(text)") }
        guard shown else { return }
        if case .trying = event {} else { begin() }
        switch event {
        case .warning: return
        case .trying(let name): line("Trying to pull \(name)...")
        case .note(let text): line(text)
        case .configuration(let digest): line("Copying config \(digest)")
        case .manifest:
            line("Writing manifest to image destination\nStoring signatures")
            state.withLock { $0.hasBegun = false }
        case .blob(let digest, let done, let size): change(Bar(digest: digest, done: done, size: size))
        case .blobExists(let digest):
            change(Bar(digest: digest, done: 0, size: 0, end: "skipped: already exists"))
        case .blobDone(let digest): change(Bar(digest: digest, done: 0, size: 0, end: "done"))
        }
    }

    /// Leaves what was drawn where it is.
    func finish() {
        state.withLock { state in
            if isTerminal && !state.bars.isEmpty { draw(&state) }
            state = State(hasBegun: state.hasBegun)
        }
    }

    private func line(_ text: String) {
        finish()
        Output.errorLine(text)
    }

    private func change(_ bar: Bar) {
        state.withLock { state in
            if let index = state.bars.firstIndex(where: { $0.digest == bar.digest }) {
                if bar.end == nil { state.bars[index].done = bar.done } else { state.bars[index].end = bar.end }
            } else {
                state.bars.append(bar)
                if !isTerminal { Output.errorLine("Copying blob \(bar.digest) \(bar.end ?? "")".trimmedEnd) }
            }
            guard isTerminal, bar.end != nil || Clock.monotonic - state.lastDrawn > 100_000_000 else { return }
            draw(&state)
        }
    }

    private func draw(_ state: inout State) {
        // Without a size, as wide as every terminal is.
        let columns = (try? WindowSize(of: 2)).map { Int($0.columns) } ?? 80
        var text = state.drawn > 0 ? "\u{1b}[\(state.drawn)A" : ""
        for bar in state.bars { text += "\r\u{1b}[K" + Self.text(bar, columns) + "\n" }
        state.drawn = state.bars.count
        state.lastDrawn = Clock.monotonic
        // Nobody is hurt by a progress line that cannot be drawn.
        try? StandardStream.write(2, text)
    }

    private static func text(_ bar: Bar, _ columns: Int) -> String {
        let name = "Copying blob \(bar.digest.dropFirst(7).prefix(12))"
        if let end = bar.end { return "\(name) \(end)" }
        // What comes from an archive tells no size.
        if bar.size == 0 { return "\(name) \(HumanText.size(bar.done))" }
        let numbers = "\(HumanText.size(bar.done)) / \(HumanText.size(bar.size))"
        let width = max(0, min(40, columns - name.count - numbers.count - 6))
        let filled = Int(Int64(width) * min(bar.done, bar.size) / bar.size)
        let arrow = String(repeating: "=", count: max(0, filled - 1)) + (filled > 0 ? ">" : "")
        return "\(name) [\(arrow)\(String(repeating: "-", count: width - filled))] \(numbers)"
    }
}

extension String {
    fileprivate var trimmedEnd: String { hasSuffix(" ") ? String(dropLast()) : self }
}
