/// A pattern as Go's `path.Match` has it: `*` and `?` for anything but a slash, `[a-z]` and `[^a-z]` for one of a set,
/// and a backslash before what stands for itself.
struct PathPattern {
    private enum Piece {
        case one(Unicode.Scalar)
        case any
        case many
        case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    }

    /// Nil for a pattern that is none, which matches nothing.
    private let pieces: [Piece]?

    init(_ text: String) {
        var rest = Array(text.unicodeScalars)[...]
        var pieces: [Piece] = []
        while let character = rest.popFirst() {
            switch character {
            case "*": pieces.append(.many)
            case "?": pieces.append(.any)
            case "[":
                guard let set = Self.set(&rest) else {
                    self.pieces = nil
                    return
                }
                pieces.append(set)
            case "\\":
                guard let next = rest.popFirst() else {
                    self.pieces = nil
                    return
                }
                pieces.append(.one(next))
            default: pieces.append(.one(character))
            }
        }
        self.pieces = pieces
    }

    /// Reads what is behind `[`.
    private static func set(_ rest: inout ArraySlice<Unicode.Scalar>) -> Piece? {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        func next() -> Unicode.Scalar? {
            guard let character = rest.popFirst() else { return nil }
            return character == "\\" ? rest.popFirst() : character
        }
        while rest.first != "]" || ranges.isEmpty {
            guard rest.first != "]", rest.first != "-", let low = next() else { return nil }
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                guard rest.first != "]", let end = next(), end >= low else { return nil }
                high = end
            }
            ranges.append(low...high)
        }
        rest.removeFirst()
        return .set(ranges, isNegated: isNegated)
    }

    /// Whether the whole text is what the pattern says.
    func matches(_ text: Substring) -> Bool {
        guard let pieces else { return false }
        let text = text.unicodeScalars
        // Where to go on if what follows the last star does not fit: one character later.
        var (piece, position) = (0, text.startIndex)
        var star: (piece: Int, position: String.Index)?
        while position < text.endIndex || piece < pieces.count {
            if piece < pieces.count {
                if case .many = pieces[piece] {
                    star = (piece, position)
                    piece += 1
                    continue
                }
                if position < text.endIndex, Self.fits(text[position], pieces[piece]) {
                    piece += 1
                    position = text.index(after: position)
                    continue
                }
            }
            guard let last = star, last.position < text.endIndex, text[last.position] != "/" else { return false }
            let next = text.index(after: last.position)
            star = (last.piece, next)
            (piece, position) = (last.piece + 1, next)
        }
        return true
    }

    private static func fits(_ character: Unicode.Scalar, _ piece: Piece) -> Bool {
        switch piece {
        case .one(let wanted): character == wanted
        case .any: character != "/"
        case .many: false
        case .set(let ranges, let isNegated):
            character != "/" && ranges.contains { $0.contains(character) } != isNegated
        }
    }
}
