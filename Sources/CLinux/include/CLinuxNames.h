/* Sockets of a name server: many datagrams a call, and streams that never wait. Addresses are 4 or 16 bytes in
   network order, ports in host order. -1 and errno on failure, unless said otherwise. */
#ifndef CLINUX_NAMES_H
#define CLINUX_NAMES_H

#include <stdint.h>
#include <sys/types.h>

/* One datagram of a batch: where its bytes lie in the batch's buffer, and who sent it or shall have it. */
typedef struct clinux_datagram {
    uint32_t offset;
    uint32_t length;
    uint16_t port;
    uint8_t family; /* 4 or 6 */
    uint8_t address[16];
} clinux_datagram;

/* socket(2) and bind(2), for streams also listen(2): a descriptor that never waits. */
int clinux_bind_inet(int is_stream, int family, const uint8_t *_Nonnull address, uint16_t port);
/* socket(2) and connect(2), without waiting for a stream's connection. The kernel chooses a random port. */
int clinux_connect_inet(int is_stream, int family, const uint8_t *_Nonnull address, uint16_t port);
/* accept4(2); fills the peer's address and port. */
int clinux_accept_inet(int listener, clinux_datagram *_Nonnull peer);
/* recvmmsg(2): up to `count` datagrams of up to `size` bytes each, the i-th at i * size. How many came; 0 for none. */
int clinux_receive_batch(int socket, uint8_t *_Nonnull buffer, uint32_t size, clinux_datagram *_Nonnull datagrams,
                         int count);
/* sendmmsg(2) of at most 64 datagrams; what cannot be sent now is dropped, as the network may, too. Those for one
   receiver that are alike in length go through the kernel as one, and arrive as many (UDP_SEGMENT, udp(7)). */
void clinux_send_batch(int socket, const uint8_t *_Nonnull buffer, const clinux_datagram *_Nonnull datagrams, int count);

/* epoll(7). `events` bits: 1 readable, 2 writable, 4 closed or failed. */
int clinux_epoll_create(void);
int clinux_epoll_set(int epoll, int descriptor, int events, int is_new);
/* Up to `count` descriptors with their events, or 0 after `milliseconds`. */
int clinux_epoll_wait(int epoll, int32_t *_Nonnull descriptors, int32_t *_Nonnull events, int count, int milliseconds);

/* A listening SOCK_SEQPACKET socket at a path; accept4(2) on it; the peer's uid (SO_PEERCRED), or -1. */
int clinux_unix_listen(const char *_Nonnull path);
int clinux_unix_accept(int listener);
int64_t clinux_peer_uid(int socket);

/* fork(2): only for a process with one thread. */
int clinux_fork(void);
/* CAP_NET_BIND_SERVICE and CAP_NET_ADMIN (capabilities(7)). */
enum { clinux_cap_net_bind_service = 10, clinux_cap_net_admin = 12 };
/* Becomes `uid` and `gid` for good, with no capability but one, and cannot gain any (capabilities(7), prctl(2)). */
int clinux_keep_only(int capability, uint32_t uid, uint32_t gid);

#endif
