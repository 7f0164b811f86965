internal import Glibc

@_exported public import struct SystemPackage.Errno

/// Runs one system call that answers -1 and `errno` on failure; retries it when a signal interrupts it.
///
/// `errno` is read at once, before anything else can change it.
///
/// - Throws: the call's `Errno`.
@inline(__always)
@discardableResult
package func syscall<Result: FixedWidthInteger & SignedInteger>(
    _ call: () -> Result
) throws(Errno) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw Errno(rawValue: code) }
    }
}
