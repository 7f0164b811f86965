/* Netlink sockets and port reservation: socket(2) families whose addresses Swift cannot import. */
#ifndef CLINUX_NET_H
#define CLINUX_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* netlink(7): opens and binds a close-on-exec socket of `protocol` (NETLINK_ROUTE is 0, NETLINK_NETFILTER 12), with
   extended acknowledgements and strict checks where the kernel has them. Stores the port id the kernel gave.
   Returns a descriptor, or -1 with errno. */
int clinux_netlink_open(int protocol, uint32_t *_Nonnull port);

/* Sends one datagram to the kernel: 0, or -1 with errno. */
int clinux_netlink_send(int descriptor, const uint8_t *_Nonnull bytes, size_t count);

/* Receives one datagram of at most `capacity` bytes. Stores the sender's port id (0 is the kernel) and whether the
   datagram was longer (MSG_TRUNC). Returns the bytes stored, or -1 with errno. */
ssize_t clinux_netlink_receive(int descriptor, uint8_t *_Nonnull bytes, size_t capacity, uint32_t *_Nonnull sender,
                               int *_Nonnull truncated);

/* Starts a process of its own that shares `descriptor`, sends `count` bytes with it to the kernel, if there are any, and
   ends when the returned descriptor is closed. Nobody needs to wait for it: it is a child of init's.
   Returns a close-on-exec descriptor, or -1 with errno. */
int clinux_netlink_elsewhere(int descriptor, const uint8_t *_Nullable bytes, size_t count);

/* Binds a close-on-exec socket to a port so that nobody else can have it; a TCP or SCTP one listens too.
   `protocol` is IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP. `address` has 4 or 16 bytes, as `count` says; an IPv6
   socket takes no IPv4 traffic. `reuse` sets SO_REUSEADDR. `*port` 0 asks for any free port; what was bound is
   stored there. Returns a descriptor, or -1 with errno. */
int clinux_reserve_port(int protocol, const uint8_t *_Nonnull address, size_t count, int reuse,
                        uint16_t *_Nonnull port);

/* Makes `path` a shared mount point of its own, if it is none yet (mount_namespaces(7)): 0, or -1 with errno. */
int clinux_make_shared_mount(const char *_Nonnull path);

/* umount2(2) with MNT_DETACH, without following a symbolic link: 0, or -1 with errno. */
int clinux_detach_mount(const char *_Nonnull path);

/* Whether the descriptor is a network namespace (ioctl_ns(2), NS_GET_NSTYPE). */
int clinux_is_network_namespace(int descriptor);

#endif
