#define _GNU_SOURCE
#include "CLinuxNames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Datagrams a call, and bytes of those for one receiver: what a packet may have (IPv4's header and UDP's taken off). */
enum { BATCH = 64, LONGEST = 65535 - 28 };

static socklen_t pack(struct sockaddr_storage *storage, int family, const uint8_t *address, uint16_t port) {
    memset(storage, 0, sizeof *storage);
    if (family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)storage;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, address, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, address, 16);
    return sizeof *in6;
}

static void unpack(const struct sockaddr_storage *storage, clinux_datagram *datagram) {
    memset(datagram->address, 0, sizeof datagram->address);
    if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)storage;
        datagram->family = 4;
        datagram->port = ntohs(in->sin_port);
        memcpy(datagram->address, &in->sin_addr, 4);
    } else {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)storage;
        datagram->family = 6;
        datagram->port = ntohs(in6->sin6_port);
        memcpy(datagram->address, &in6->sin6_addr, 16);
    }
}

static int fail(int descriptor) {
    int code = errno;
    close(descriptor);
    errno = code;
    return -1;
}

static int open_socket(int is_stream, int family) {
    int type = (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    return socket(family == 4 ? AF_INET : AF_INET6, type, 0);
}

int clinux_bind_inet(int is_stream, int family, const uint8_t *address, uint16_t port) {
    struct sockaddr_storage storage;
    socklen_t length = pack(&storage, family, address, port);
    int descriptor = open_socket(is_stream, family);
    if (descriptor < 0) return -1;
    int on = 1;
    if (family == 6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (is_stream) {
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    } else {
        int bytes = 4 << 20;
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    }
    if (bind(descriptor, (struct sockaddr *)&storage, length) < 0) return fail(descriptor);
    if (is_stream && listen(descriptor, 128) < 0) return fail(descriptor);
    return descriptor;
}

int clinux_connect_inet(int is_stream, int family, const uint8_t *address, uint16_t port) {
    struct sockaddr_storage storage;
    socklen_t length = pack(&storage, family, address, port);
    int descriptor = open_socket(is_stream, family);
    if (descriptor < 0) return -1;
    if (connect(descriptor, (struct sockaddr *)&storage, length) < 0 && errno != EINPROGRESS) return fail(descriptor);
    return descriptor;
}

int clinux_accept_inet(int listener, clinux_datagram *peer) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int descriptor = accept4(listener, (struct sockaddr *)&storage, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) return -1;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    unpack(&storage, peer);
    return descriptor;
}

int clinux_receive_batch(int descriptor, uint8_t *buffer, uint32_t size, clinux_datagram *datagrams, int count) {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage senders[BATCH];
    if (count > BATCH) count = BATCH;
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){.iov_base = buffer + (size_t)i * size, .iov_len = size};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
        messages[i].msg_hdr.msg_name = &senders[i];
        messages[i].msg_hdr.msg_namelen = sizeof senders[i];
    }
    int got = recvmmsg(descriptor, messages, count, MSG_DONTWAIT, NULL);
    if (got < 0) return errno == EAGAIN ? 0 : -1;
    for (int i = 0; i < got; i++) {
        datagrams[i].offset = (uint32_t)i * size;
        datagrams[i].length = messages[i].msg_len;
        unpack(&senders[i], &datagrams[i]);
    }
    return got;
}

/* A message's control data: the length at which the kernel cuts it into datagrams (UDP_SEGMENT of udp(7)). */
union segment {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
};

static void cut(struct msghdr *message, union segment *segment, uint16_t length) {
    message->msg_control = segment;
    message->msg_controllen = sizeof segment->bytes;
    segment->header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof length), .cmsg_level = SOL_UDP, .cmsg_type = UDP_SEGMENT};
    memcpy(CMSG_DATA(&segment->header), &length, sizeof length);
}

static int is_alike(const clinux_datagram *one, const clinux_datagram *other) {
    return one->port == other->port && one->length == other->length && one->family == other->family &&
           memcmp(one->address, other->address, sizeof one->address) == 0;
}

static void send_each(int descriptor, const struct msghdr *message) {
    struct msghdr one = *message;
    one.msg_control = NULL;
    one.msg_controllen = 0;
    one.msg_iovlen = 1;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        one.msg_iov = &message->msg_iov[i];
        sendmsg(descriptor, &one, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

void clinux_send_batch(int descriptor, const uint8_t *buffer, const clinux_datagram *datagrams, int count) {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_storage receivers[BATCH];
    union segment segments[BATCH];
    uint8_t is_taken[BATCH] = {0};
    int made = 0, used = 0;
    if (count > BATCH) count = BATCH;
    for (int first = 0; first < count; first++) {
        if (is_taken[first]) continue;
        const clinux_datagram *model = &datagrams[first];
        struct msghdr *message = &messages[made].msg_hdr;
        *message = (struct msghdr){.msg_name = &receivers[made], .msg_iov = &vectors[used]};
        message->msg_namelen = pack(&receivers[made], model->family, model->address, model->port);
        for (int i = first; i < count && (message->msg_iovlen + 1) * model->length <= LONGEST; i++) {
            if (is_taken[i] || !is_alike(&datagrams[i], model)) continue;
            is_taken[i] = 1;
            vectors[used++] = (struct iovec){.iov_base = (void *)(buffer + datagrams[i].offset), .iov_len = model->length};
            message->msg_iovlen++;
        }
        if (message->msg_iovlen > 1) cut(message, &segments[made], (uint16_t)model->length);
        made++;
    }
    for (int sent = 0; sent < made;) {
        int went = sendmmsg(descriptor, messages + sent, made - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (went < 0 && errno == EAGAIN) return;
        /* Not every kernel and device can cut; and the others must not wait for what cannot be sent at all. */
        if (went <= 0) send_each(descriptor, &messages[sent].msg_hdr);
        sent += went > 0 ? went : 1;
    }
}

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_set(int epoll, int descriptor, int events, int is_new) {
    struct epoll_event event = {.events = 0, .data = {.fd = descriptor}};
    if (events & 1) event.events |= EPOLLIN | EPOLLRDHUP;
    if (events & 2) event.events |= EPOLLOUT;
    return epoll_ctl(epoll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

int clinux_epoll_wait(int epoll, int32_t *descriptors, int32_t *events, int count, int milliseconds) {
    struct epoll_event found[BATCH];
    if (count > BATCH) count = BATCH;
    int got = epoll_wait(epoll, found, count, milliseconds);
    for (int i = 0; i < got; i++) {
        descriptors[i] = found[i].data.fd;
        events[i] = (found[i].events & EPOLLIN ? 1 : 0) | (found[i].events & EPOLLOUT ? 2 : 0) |
                    (found[i].events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ? 4 : 0);
    }
    return got;
}

int clinux_unix_listen(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) < 0) return fail(descriptor);
    if (listen(descriptor, 64) < 0) return fail(descriptor);
    return descriptor;
}

int clinux_unix_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int64_t clinux_peer_uid(int descriptor) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -1;
    return credentials.uid;
}

int clinux_fork(void) { return fork(); }

int clinux_keep_only(int capability, uint32_t uid, uint32_t gid) {
    uint32_t bit = 1u << capability;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {{.effective = bit, .permitted = bit}, {0}};
    for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
        /* A capability that this kernel does not know cannot be dropped. */
        if (cap != capability && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL) return -1;
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -1;
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) return -1;
    if (syscall(SYS_capset, &header, data) < 0) return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -1;
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
