#define _GNU_SOURCE
#include "CLinuxNet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail_closing(int descriptor) {
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

int clinux_netlink_open(int protocol, uint32_t *port) {
    int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) return -1;
    /* Kernels that lack these options answer as before 4.12 and 4.20; nothing depends on them. */
    int on = 1;
    setsockopt(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    socklen_t length = sizeof address;
    if (bind(descriptor, (struct sockaddr *)&address, length) < 0) return fail_closing(descriptor);
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0) return fail_closing(descriptor);
    *port = address.nl_pid;
    return descriptor;
}

int clinux_netlink_send(int descriptor, const uint8_t *bytes, size_t count) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sendto(descriptor, bytes, count, 0, (struct sockaddr *)&kernel, sizeof kernel);
    if (sent < 0) return -1;
    if ((size_t)sent != count) {
        errno = EMSGSIZE;
        return -1;
    }
    return 0;
}

ssize_t clinux_netlink_receive(int descriptor, uint8_t *bytes, size_t capacity, uint32_t *sender, int *truncated) {
    struct sockaddr_nl from = {.nl_family = AF_NETLINK};
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t count = recvmsg(descriptor, &message, 0);
    if (count < 0) return -1;
    *sender = from.nl_pid;
    *truncated = (message.msg_flags & MSG_TRUNC) != 0;
    return count;
}

/* What the process of clinux_netlink_elsewhere does. It lets go of everything else of its parent's first: pipes whose end
   somebody waits for, and locks. */
static void hold(int descriptor, int end, const uint8_t *bytes, size_t count) {
    unsigned low = descriptor < end ? descriptor : end, high = descriptor < end ? end : descriptor;
    if (low > 0) syscall(SYS_close_range, 0, low - 1, 0);
    if (high > low + 1) syscall(SYS_close_range, low + 1, high - 1, 0);
    syscall(SYS_close_range, high + 1, ~0U, 0);
    if (count) clinux_netlink_send(descriptor, bytes, count);
    char nothing;
    while (read(end, &nothing, 1) < 0 && errno == EINTR) continue;
}

int clinux_netlink_elsewhere(int descriptor, const uint8_t *bytes, size_t count) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* no handler of ours may run in either */
    /* The child in between is there so that the other is not ours to wait for. */
    pid_t child = vfork();
    if (child == 0) {
        long other = syscall(SYS_clone, 0, 0, 0, 0, 0);
        if (other == 0) hold(descriptor, ends[0], bytes, count);
        _exit(other < 0 ? errno : 0);
    }
    int code = child < 0 ? errno : 0;
    if (child > 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
        code = WEXITSTATUS(status);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(ends[0]);
    if (!code) return ends[1];
    close(ends[1]);
    errno = code;
    return -1;
}

int clinux_reserve_port(int protocol, const uint8_t *address, size_t count, int reuse, uint16_t *port) {
    int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
    int descriptor = socket(count == 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, protocol);
    if (descriptor < 0) return -1;
    int on = 1;
    if (reuse) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int result;
    struct sockaddr_in6 bound = {0};
    if (count == 4) {
        struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(*port)};
        memcpy(&four.sin_addr, address, 4);
        result = bind(descriptor, (struct sockaddr *)&four, sizeof four);
    } else {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
        memcpy(&six.sin6_addr, address, 16);
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        result = bind(descriptor, (struct sockaddr *)&six, sizeof six);
    }
    if (result < 0) return fail_closing(descriptor);
    if (protocol != IPPROTO_UDP && listen(descriptor, 1) < 0) return fail_closing(descriptor);
    socklen_t length = sizeof bound;
    if (getsockname(descriptor, (struct sockaddr *)&bound, &length) < 0) return fail_closing(descriptor);
    *port = ntohs(bound.sin6_port); /* the port stands at the same place in both families' addresses */
    return descriptor;
}

int clinux_make_shared_mount(const char *path) {
    if (mount("", path, "none", MS_SHARED | MS_REC, NULL) == 0) return 0;
    if (errno != EINVAL) return -1; /* EINVAL: it is no mount point yet */
    if (mount(path, path, "none", MS_BIND | MS_REC, NULL) < 0) return -1;
    return mount("", path, "none", MS_SHARED | MS_REC, NULL);
}

int clinux_detach_mount(const char *path) { return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW); }

int clinux_is_network_namespace(int descriptor) { return ioctl(descriptor, NS_GET_NSTYPE) == CLONE_NEWNET; }
