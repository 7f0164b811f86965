internal import Glibc

/// The kernel's clocks.
public enum Clock {
    /// Nanoseconds since 1970-01-01T00:00:00Z (`CLOCK_REALTIME`, clock_gettime(2)).
    public static var now: Int64 { read(CLOCK_REALTIME) }

    /// Nanoseconds of a clock that never jumps (`CLOCK_MONOTONIC`).
    public static var monotonic: Int64 { read(CLOCK_MONOTONIC) }

    /// Lets this thread sleep so long, or a little longer; a signal ends it early (nanosleep(2)).
    ///
    /// - Parameter nanoseconds: less than a second.
    public static func sleep(nanoseconds: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: nanoseconds)
        // SAFETY: the kernel only reads `time`, and is told to write nothing.
        unsafe nanosleep(&time, nil)
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Random bytes from the kernel (getrandom(2)).
public enum RandomBytes {
    /// `count` random bytes, as lower-case hexadecimal digits.
    public static func hexadecimal(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for _ in 0..<count {
            let byte = UInt8.random(in: 0...255, using: &generator)
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
