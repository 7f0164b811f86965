internal import CLinux
internal import Glibc

/// Changes in directories as they happen (inotify(7)).
public struct DirectoryWatch: ~Copyable, Sendable {
    /// Something happened to an entry of a watched directory.
    public struct Event: Hashable, Sendable {
        /// What `watch` returned for the directory.
        public var watch: Int32
        /// The entry's name; nil when the event is of the directory itself, or when events were lost.
        public var name: String?
    }

    private let descriptor: OwnedFD

    /// For poll(2): readable when there are events.
    public var raw: Int32 { descriptor.raw }

    /// Watches nothing yet.
    public init() throws(Errno) {
        descriptor = OwnedFD(adopting: try syscall { clinux_inotify_open() })
    }

    /// Watches a directory for entries that appear, are closed after writing, are renamed to or deleted; with
    /// `contents` also for every write.
    ///
    /// - Returns: the number that events of this directory have.
    @discardableResult
    public func watch(_ directory: String, contents: Bool = false) throws(Errno) -> Int32 {
        let raw = raw
        return try syscall { unsafe clinux_inotify_add(raw, directory, contents ? 1 : 0) }
    }

    /// The events since the last call, without waiting.
    public func take() throws(Errno) -> [Event] {
        let bytes: [UInt8]
        do throws(Errno) { bytes = try descriptor.read(upTo: 16384) } catch .wouldBlock { return [] }
        var events: [Event] = []
        // SAFETY: the events lie inside `bytes`; names are NUL-terminated there and copied before it goes.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var offset = 0
            var watch: Int32 = 0
            while true {
                var name: UnsafePointer<CChar>?
                offset = unsafe clinux_inotify_event(base, buffer.count, offset, &watch, &name)
                if offset == 0 { return }
                events.append(Event(watch: watch, name: unsafe name.map { unsafe String(cString: $0) }))
            }
        }
        return events
    }
}
