internal import CLinux

/// What the running kernel can do.
public enum Kernel {
    /// Whether it runs programs of the x32 interface (syscall(2), "Architecture-specific requirements"). Few are built
    /// so, and some that are need `syscall.x32=y` on their command line.
    public static var runsX32: Bool { clinux_runs_x32() != 0 }
}
