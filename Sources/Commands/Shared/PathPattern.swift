/// A pattern as Go's `path.Match` has it: `*` and `?` for anything but a slash, `[a-z]` and `[^a-z]` for one of a set,
/// and a backslash before what stands for itself.
struct PathPattern {
    private enum Piece {
        case one(Character)
        case any
        case many
        case set([ClosedRange<Character>], isNegated: Bool)
    }

    /// Nil for a pattern that is none, which matches nothing.
    private let pieces: [Piece]?

    init(_ text: String) {
        var rest = Array(text)[...]
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
    private static func set(_ rest: inout ArraySlice<Character>) -> Piece? {
        var ranges: [ClosedRange<Character>] = []
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        func next() -> Character? {
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
    func matches(_ text: String) -> Bool {
        guard let pieces else { return false }
        let text = Array(text)
        // Where to go on if what follows the last star does not fit: one character later.
        var (piece, position) = (0, 0)
        var star: (piece: Int, position: Int)?
        while position < text.count || piece < pieces.count {
            if piece < pieces.count {
                if case .many = pieces[piece] {
                    star = (piece, position)
                    piece += 1
                    continue
                }
                if position < text.count, Self.fits(text[position], pieces[piece]) {
                    piece += 1
                    position += 1
                    continue
                }
            }
            guard let last = star, last.position < text.count, text[last.position] != "/" else { return false }
            star = (last.piece, last.position + 1)
            (piece, position) = (last.piece + 1, last.position + 1)
        }
        return true
    }

    private static func fits(_ character: Character, _ piece: Piece) -> Bool {
        switch piece {
        case .one(let wanted): character == wanted
        case .any: character != "/"
        case .many: false
        case .set(let ranges, let isNegated):
            character != "/" && ranges.contains { $0.contains(character) } != isNegated
        }
    }
}
