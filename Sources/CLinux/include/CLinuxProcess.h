/* Processes, namespaces, terminals and descriptors: GNU extensions of libc and ioctl(2) requests. */
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* pipe2(2) with O_CLOEXEC. */
int clinux_pipe(int ends[_Nonnull 2]);

/* fcntl(F_DUPFD_CLOEXEC): a second descriptor, not below `minimum`. */
int clinux_dup(int descriptor, int minimum);

/* unshare(2) and setns(2): both act on the calling thread alone. `flags` are the CLONE_NEW* below. */
int clinux_unshare(int flags);
int clinux_setns(int descriptor, int flags);
extern const int clinux_clone_newnet;
extern const int clinux_clone_newns;
extern const int clinux_clone_fs;

/* pidfd_open(2) and pidfd_send_signal(2). */
int clinux_pidfd_open(pid_t process);
int clinux_runs_x32(void);
int clinux_pidfd_send_signal(int pidfd, int signal);

/* prctl(PR_SET_CHILD_SUBREAPER) and prctl(PR_SET_PDEATHSIG). */
int clinux_set_child_subreaper(int on);

/* How clinux_spawn makes its child. Descriptors not named here are closed in the child. */
struct clinux_spawn_plan {
    const char *_Nonnull path;
    char *_Nullable const *_Nonnull arguments;   /* NULL-terminated */
    char *_Nullable const *_Nonnull environment; /* NULL-terminated */
    const char *_Nullable directory;
    const int *_Nullable sources; /* sources[i] becomes descriptor i; -1 means /dev/null (0, 1, 2) or closed */
    int count;                    /* of sources; at least 3 */
    int new_session;              /* setsid(2) first */
    int reset_signals;            /* default dispositions and an empty mask */
    int cgroup;                   /* a cgroup v2 directory that the child begins in; -1 for the caller's own */
    int cgroup_procs;             /* a cgroup.procs that the child enters before execve; -1 for none */
};

/* Starts a process, and returns when it has executed its program: 0 and its pid, or the errno of what failed. */
int clinux_spawn(const struct clinux_spawn_plan *_Nonnull plan, pid_t *_Nonnull process);

/* Window size ioctls: rows and columns in cells. */
int clinux_get_window_size(int terminal, unsigned short *_Nonnull rows, unsigned short *_Nonnull columns);
int clinux_set_window_size(int terminal, unsigned short rows, unsigned short columns);

/* Connects or binds an AF_UNIX socket of `type` (SOCK_STREAM, SOCK_SEQPACKET) to a path: descriptor or -1. */
int clinux_unix_connect(int type, const char *_Nonnull path);

/* waitpid(2) status decoding: exit code, or 128 + signal. */
int clinux_exit_code(int status);

/* environ(7). */
char *_Nullable *_Nonnull clinux_environment(void);

/* makedev(3), major(3), minor(3). */
uint64_t clinux_makedev(unsigned major, unsigned minor);
unsigned clinux_major(uint64_t device);
unsigned clinux_minor(uint64_t device);

/* mount(2) and umount2(2). */
int clinux_mount(const char *_Nullable source, const char *_Nonnull target, const char *_Nullable type,
                 unsigned long flags, const char *_Nullable data);
int clinux_umount_detach(const char *_Nonnull target);
extern const unsigned long clinux_ms_bind, clinux_ms_rec, clinux_ms_private, clinux_ms_shared, clinux_ms_nodev,
    clinux_ms_nosuid, clinux_ms_noexec, clinux_ms_rdonly, clinux_ms_remount;

/* inotify(7): watches one directory for files that appear complete (IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE). */
int clinux_watch_directory(const char *_Nonnull path);

#endif
