#define _GNU_SOURCE
#include "CLinuxTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

const int clinux_limit_nofile = RLIMIT_NOFILE, clinux_limit_nproc = RLIMIT_NPROC;

static atomic_int signal_pipe = -1;
static atomic_flag signals_taken = ATOMIC_FLAG_INIT;
static struct sigaction old_actions[65];
static unsigned char caught[65];

/* Runs in signal context: write(2) is all it does. A full pipe holds enough signals already. */
static void signal_to_pipe(int signal) {
    int code = errno;
    unsigned char byte = (unsigned char)signal;
    ssize_t ignored = write(atomic_load(&signal_pipe), &byte, 1);
    (void)ignored;
    errno = code;
}

int clinux_signals_catch(const int *signals, int count, int pipe) {
    if (atomic_flag_test_and_set(&signals_taken)) {
        errno = EBUSY;
        return -1;
    }
    atomic_store(&signal_pipe, pipe);
    for (int i = 0; i < count; i++) {
        int signal = signals[i];
        struct sigaction action = {.sa_handler = signal_to_pipe, .sa_flags = SA_RESTART};
        sigfillset(&action.sa_mask);
        if (signal < 1 || signal > 64) {
            errno = EINVAL;
            goto failed;
        }
        if (sigaction(signal, NULL, &old_actions[signal]) < 0) goto failed;
        if (old_actions[signal].sa_handler == SIG_IGN) continue; /* nohup(1) and background jobs mean it */
        if (sigaction(signal, &action, NULL) < 0) goto failed;
        caught[signal] = 1;
    }
    return 0;
failed:;
    int code = errno;
    clinux_signals_restore();
    errno = code;
    return -1;
}

void clinux_signals_restore(void) {
    for (int signal = 1; signal < 65; signal++) {
        if (caught[signal]) sigaction(signal, &old_actions[signal], NULL);
        caught[signal] = 0;
    }
    atomic_store(&signal_pipe, -1);
    atomic_flag_clear(&signals_taken);
}

static char ending_notice[256];

/* Runs in signal context. SA_RESETHAND has taken it away: once it returns, the signal that it sends ends the process. */
static void tell_ending(int signal) {
    ssize_t ignored = write(STDERR_FILENO, ending_notice, strlen(ending_notice));
    (void)ignored;
    raise(signal);
}

int clinux_set_ending_notice(const char *text, const int *signals, int count) {
    if (strlen(text) >= sizeof ending_notice) {
        errno = EMSGSIZE;
        return -1;
    }
    strcpy(ending_notice, text);
    for (int i = 0; i < count; i++) {
        struct sigaction action = {.sa_handler = tell_ending, .sa_flags = SA_RESETHAND}, old;
        sigfillset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &old) < 0) return -1;
        /* One that is ignored stays so, and one that is caught is somebody else's. */
        if (old.sa_handler == SIG_DFL && sigaction(signals[i], &action, NULL) < 0) return -1;
    }
    return 0;
}

int clinux_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

ssize_t clinux_send(int socket, const void *bytes, size_t count) {
    return send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

ssize_t clinux_receive(int socket, void *bytes, size_t count) { return recv(socket, bytes, count, MSG_DONTWAIT); }

int clinux_inotify_open(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int clinux_inotify_add(int inotify, const char *path, int contents) {
    uint32_t mask = IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_ONLYDIR;
    return inotify_add_watch(inotify, path, contents ? mask | IN_MODIFY : mask);
}

size_t clinux_inotify_event(const void *buffer, size_t count, size_t offset, int *watch, const char **name) {
    struct inotify_event event;
    if (offset > count || count - offset < sizeof event) return 0;
    memcpy(&event, (const char *)buffer + offset, sizeof event);
    if (event.len > count - offset - sizeof event) return 0;
    *watch = event.wd;
    *name = event.len ? (const char *)buffer + offset + sizeof event : NULL;
    return offset + sizeof event + event.len;
}

int clinux_get_limit(int resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int clinux_mount_restrictions(const char *path) {
    struct statvfs status;
    if (statvfs(path, &status) < 0) return -1;
    return (status.f_flag & ST_NOSUID ? 1 : 0) | (status.f_flag & ST_NODEV ? 2 : 0) |
           (status.f_flag & ST_NOEXEC ? 4 : 0) | (status.f_flag & ST_RDONLY ? 8 : 0);
}

int clinux_raise_limit(int resource) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit);
}
