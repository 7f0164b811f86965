#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

const int clinux_clone_newnet = CLONE_NEWNET;
const int clinux_clone_newns = CLONE_NEWNS;
const int clinux_clone_fs = CLONE_FS;
const unsigned long clinux_ms_bind = MS_BIND, clinux_ms_rec = MS_REC, clinux_ms_private = MS_PRIVATE,
                    clinux_ms_shared = MS_SHARED, clinux_ms_nodev = MS_NODEV, clinux_ms_nosuid = MS_NOSUID,
                    clinux_ms_noexec = MS_NOEXEC, clinux_ms_rdonly = MS_RDONLY, clinux_ms_remount = MS_REMOUNT;

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int clinux_dup(int descriptor, int minimum) { return fcntl(descriptor, F_DUPFD_CLOEXEC, minimum); }
int clinux_unshare(int flags) { return unshare(flags); }
int clinux_setns(int descriptor, int flags) { return setns(descriptor, flags); }
int clinux_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }
int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
int clinux_runs_x32(void) {
#ifdef __x86_64__
    /* __X32_SYSCALL_BIT: getpid(2) by that interface; ENOSYS from a kernel that is without it. */
    return syscall(0x40000000L | SYS_getpid) >= 0;
#else
    return 0;
#endif
}
int clinux_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on, 0, 0, 0); }

int clinux_get_window_size(int terminal, unsigned short *rows, unsigned short *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) < 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int clinux_set_window_size(int terminal, unsigned short rows, unsigned short columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int clinux_unix_connect(int type, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) {
        int code = errno;
        close(descriptor);
        errno = code;
        return -1;
    }
    return descriptor;
}

int clinux_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

extern char **environ;
char **clinux_environment(void) { return environ; }

uint64_t clinux_makedev(unsigned major_number, unsigned minor_number) { return makedev(major_number, minor_number); }
unsigned clinux_major(uint64_t device) { return major(device); }
unsigned clinux_minor(uint64_t device) { return minor(device); }

int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return mount(source, target, type, flags, data);
}
int clinux_umount_detach(const char *target) { return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW); }

int clinux_watch_directory(const char *path) {
    int descriptor = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (descriptor < 0) return -1;
    if (inotify_add_watch(descriptor, path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0) {
        int code = errno;
        close(descriptor);
        errno = code;
        return -1;
    }
    return descriptor;
}

/* fork(2) into a cgroup, waiting as vfork(2) does (clone3(2)): a process that is moved there later holds up every
   fork on the host until the kernel's readers are through, some 10 ms. The memory is a copy, for the C library has no
   function that gives the child of clone3 a stack of its own. */
static pid_t fork_into(int cgroup) {
    struct clone_args arguments = {
        .flags = CLONE_VFORK | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

/* The child may share our memory until execve (vfork), so it only makes system calls; what fails is left in a page
   that both have in any case, which the parent reads when it is let go on. */
int clinux_spawn(const struct clinux_spawn_plan *plan, pid_t *process) {
    if (plan->count > 16384) return EMFILE; /* the list of them is on the stack */
    volatile int *failure = mmap(NULL, sizeof *failure, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (failure == MAP_FAILED) return errno;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* no handler of ours may run in the child */
    pid_t child = plan->cgroup < 0 ? vfork() : fork_into(plan->cgroup);
    if (child == 0) {
        if (plan->new_session) setsid();
        /* Where it runs is a kindness: it must not fail because the cgroup cannot be entered. */
        if (plan->cgroup_procs >= 0 && write(plan->cgroup_procs, "0", 1) < 0) errno = 0;
        if (plan->directory && chdir(plan->directory) < 0) {
            *failure = errno;
            _exit(127);
        }
        int limit = plan->count;
        /* Lift every source above the targets first, so that no dup2 overwrites one still to come. */
        int lifted[limit];
        for (int i = 0; i < limit; i++) {
            lifted[i] = -1;
            if (plan->sources[i] >= 0 && (lifted[i] = fcntl(plan->sources[i], F_DUPFD, limit)) < 0) goto failed;
        }
        for (int i = 0; i < limit; i++) {
            if (lifted[i] >= 0) {
                if (dup2(lifted[i], i) < 0) goto failed;
            } else if (i < 3) {
                int null = open("/dev/null", O_RDWR);
                if (null < 0 || (null != i && dup2(null, i) < 0)) goto failed;
                if (null > 2) close(null);
            } else {
                close(i);
            }
        }
        if (syscall(SYS_close_range, (unsigned)limit, ~0U, 0) < 0) goto failed;
        if (plan->reset_signals) {
            for (int signal = 1; signal < 65; signal++) {
                struct sigaction action = {.sa_handler = SIG_DFL};
                if (signal != SIGKILL && signal != SIGSTOP) sigaction(signal, &action, NULL);
            }
            sigset_t none;
            sigemptyset(&none);
            sigprocmask(SIG_SETMASK, &none, NULL);
        } else {
            sigprocmask(SIG_SETMASK, &old, NULL);
        }
        execve(plan->path, plan->arguments, plan->environment);
    failed:
        *failure = errno;
        _exit(127);
    }
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (child > 0) {
        code = *failure;
        if (code) waitpid(child, NULL, 0);
        else *process = child;
    }
    munmap((void *)failure, sizeof *failure);
    return code;
}
