/* Packet sockets (packet(7)): IPv4 datagrams on a link that has no address yet. */
#ifndef CLINUX_PACKET_H
#define CLINUX_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens a close-on-exec, non-blocking socket for IPv4 datagrams of the link with this index; of what comes in, the kernel
   passes on UDP to `port` that is no fragment. Returns a descriptor, or -1 with errno. */
int clinux_packet_open(int link, uint16_t port);

/* Sends a datagram, from the IP header on, to the six bytes of a MAC: the bytes sent, or -1 with errno. */
ssize_t clinux_packet_send(int descriptor, int link, const uint8_t *_Nonnull mac, const uint8_t *_Nonnull bytes,
                           size_t count);

/* Receives a datagram of at most `capacity` bytes from the IP header on. Stores the six bytes of the sender's MAC, and
   whether the sum over its payload has been made yet. Returns the bytes stored, or -1 with errno. */
ssize_t clinux_packet_receive(int descriptor, uint8_t *_Nonnull bytes, size_t capacity, uint8_t *_Nonnull mac,
                              int *_Nonnull summed);

#endif
