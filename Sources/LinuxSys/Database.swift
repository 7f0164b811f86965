internal import CLinux
internal import Glibc

/// What SQLite answers when it cannot do what it was asked (sqlite.org/rescode.html).
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
    /// The extended result code.
    public var code: Int32
    /// SQLite's own words, and the file.
    public var message: String
    /// The statement, or the operation.
    public var statement: String

    // Swift does not import the extended codes, which are macros of expressions.
    /// Whether a UNIQUE or PRIMARY KEY constraint refused a row that is there already.
    public var isDuplicate: Bool { code == 2067 || code == 1555 }
    /// Whether a FOREIGN KEY constraint refused the change: something still refers to the row.
    public var isReferenced: Bool { code == 787 || code == 1811 }
    /// Whether the disk is full.
    public var isFull: Bool { code & 0xff == SQLITE_FULL }

    /// One line for a person.
    public var description: String { "state database: \(message) (in: \(statement))" }
}

/// A value of one of SQLite's storage classes.
public enum DatabaseValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    /// Text, or NULL for nil.
    public static func optional(_ text: String?) -> DatabaseValue { text.map { .text($0) } ?? .null }
    /// An integer, or NULL for nil.
    public static func optional(_ number: Int64?) -> DatabaseValue { number.map { .integer($0) } ?? .null }
}

extension DatabaseValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
}

/// One row of an answer: values by position.
public struct DatabaseRow: Sendable {
    fileprivate var values: [DatabaseValue]

    /// The text in a column; empty for NULL.
    public func text(_ column: Int) -> String { optionalText(column) ?? "" }
    /// The text in a column; nil for NULL.
    public func optionalText(_ column: Int) -> String? {
        if case .text(let text) = values[column] { return text }
        return nil
    }
    /// The integer in a column; 0 for NULL.
    public func integer(_ column: Int) -> Int64 { optionalInteger(column) ?? 0 }
    /// The integer in a column; nil for NULL.
    public func optionalInteger(_ column: Int) -> Int64? {
        if case .integer(let number) = values[column] { return number }
        return nil
    }
    /// The bytes in a column, of a BLOB or of a text; empty for NULL.
    public func bytes(_ column: Int) -> [UInt8] {
        switch values[column] {
        case .blob(let bytes): bytes
        case .text(let text): Array(text.utf8)
        case .null, .integer: []
        }
    }
}

/// A connection to SQLite files, for one thread at a time.
@safe public final class Database {
    // SAFETY: the handle is valid from init to deinit, and never leaves this class.
    private let handle: OpaquePointer

    /// Opens or makes the database at `path`: WAL journal, foreign keys enforced, up to 60 s of waiting for others.
    public init(_ path: String) throws(DatabaseError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened = unsafe opened else {
            throw DatabaseError(code: code, message: "cannot open \(path)", statement: "open")
        }
        unsafe handle = opened
        guard code == SQLITE_OK else {
            let failure = unsafe DatabaseError(opened, code, "open \(path)")
            unsafe sqlite3_close(opened)
            throw failure
        }
        unsafe sqlite3_extended_result_codes(handle, 1)
        // Every command is the last to close the file: to empty the log each time would cost it several fsyncs. But each
        // is the first to open it, too, and reads and checks the whole log then, 5 microseconds a page. So the log is
        // emptied when it has grown to a few pages, not to SQLite's 1,000; sooner still where no fsync is at stake, as in
        // the attached file.
        unsafe clinux_sqlite_keep_log(handle)
    }

    deinit {
        unsafe sqlite3_close(handle)
    }

    /// Runs statements that answer nothing, separated by semicolons.
    public func execute(_ statements: String) throws(DatabaseError) {
        let code = unsafe sqlite3_exec(handle, statements, nil, nil, nil)
        guard code == SQLITE_OK else { throw unsafe DatabaseError(handle, code, statements) }
    }

    /// Runs one statement with its parameters (`?1`, `?2`, …) and returns every row of the answer.
    @discardableResult
    public func query(_ statement: String, _ parameters: [DatabaseValue] = []) throws(DatabaseError) -> [DatabaseRow] {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v2(handle, statement, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else {
            throw unsafe DatabaseError(handle, code, statement)
        }
        defer { unsafe sqlite3_finalize(prepared) }
        for (index, value) in parameters.enumerated() { unsafe bind(value, to: prepared, at: Int32(index + 1)) }
        var rows: [DatabaseRow] = []
        while true {
            let code = unsafe sqlite3_step(prepared)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw unsafe DatabaseError(handle, code, statement) }
            let count = unsafe sqlite3_column_count(prepared)
            rows.append(DatabaseRow(values: (0..<count).map { unsafe column($0, of: prepared) }))
        }
    }

    /// How many rows the last INSERT, UPDATE or DELETE changed.
    public var changes: Int { unsafe Int(sqlite3_changes(handle)) }

    /// Runs `body` in one transaction that takes the write lock at once, so that it cannot fail half way for want
    /// of it; an error rolls everything back.
    public func transaction<Result>(_ body: () throws -> Result) throws -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // A statement error may have ended the transaction already; the first error is the one to report.
            try? execute("ROLLBACK")
            throw error
        }
    }

    private func bind(_ value: DatabaseValue, to statement: OpaquePointer, at index: Int32) {
        // SAFETY: SQLITE_TRANSIENT (-1) makes SQLite copy the bytes before the call returns.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: unsafe sqlite3_bind_null(statement, index)
        case .integer(let number): unsafe sqlite3_bind_int64(statement, index, number)
        case .text(let text):
            unsafe sqlite3_bind_text(statement, index, text, Int32(text.utf8.count), transient)
        case .blob(let bytes):
            unsafe sqlite3_bind_blob(statement, index, bytes, Int32(bytes.count), transient)
        }
    }

    private func column(_ index: Int32, of statement: OpaquePointer) -> DatabaseValue {
        // SAFETY: the pointers that SQLite lends live until the next step; the bytes are copied here.
        switch unsafe sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return unsafe .integer(sqlite3_column_int64(statement, index))
        case SQLITE_TEXT:
            guard let text = unsafe sqlite3_column_text(statement, index) else { return .null }
            let count = unsafe Int(sqlite3_column_bytes(statement, index))
            return unsafe .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let count = unsafe Int(sqlite3_column_bytes(statement, index))
            return unsafe .blob(
                [UInt8](UnsafeRawBufferPointer(start: sqlite3_column_blob(statement, index), count: count)))
        default: return .null
        }
    }
}

extension DatabaseError {
    fileprivate init(_ handle: OpaquePointer, _ code: Int32, _ statement: String) {
        self.init(
            code: code, message: unsafe String(cString: sqlite3_errmsg(handle)),
            statement: String(statement.prefix(80)))
    }
}
