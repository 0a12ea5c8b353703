// Devices on Modbus TCP that count what they are asked. One thread, one process, so that it costs the other side nothing.
//
// Lines on its input: `count` (answers with a line of JSON), `silent UNIT`, `drip UNIT`, `speak UNIT`, `close ANSWERS`
// (a connection is closed after so many; 0: never). It ends with its input.
#define _GNU_SOURCE
#include "CBaselines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { max_connections = 16384, max_pending = 65536, request_size = 12, answer_size = 9 + 250 };
static const double drip_seconds = 0.1;

typedef enum { speaks, is_silent, drips } manner;

typedef struct {
  bool is_open;
  uint32_t life;
  uint32_t answers;
  size_t filled;
  uint8_t input[16 * request_size];
  size_t drip_size;
  size_t drip_sent;
  uint8_t drip[answer_size];
} connection;

typedef struct {
  double due;
  int fd;
  uint32_t life;
  uint8_t request[request_size];
} pending;

typedef struct {
  int epoll;
  int listener;
  double delay;
  double started;
  uint32_t close_after;
  manner manners[256];
  uint64_t asked[256];
  uint64_t answered[256];
  uint64_t values;
  uint64_t accepted;
  connection *connections;
  pending *queue;
  size_t head;
  size_t tail;
  int dripping;
  double next_drip;
} server;

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void end_connection(server *server, int fd) {
  connection *connection = &server->connections[fd];
  if (!connection->is_open) return;
  if (connection->drip_size > 0) server->dripping--;
  connection->is_open = false;
  connection->life++;
  close(fd);
}

static size_t make_answer(server *server, const uint8_t *request, uint8_t *answer) {
  uint16_t address = (uint16_t)(request[8] << 8 | request[9]);
  uint16_t count = (uint16_t)(request[10] << 8 | request[11]);
  memcpy(answer, request, 8);
  if ((request[7] != 3 && request[7] != 4) || count == 0 || count > 125) {
    answer[4] = 0, answer[5] = 3, answer[7] |= 0x80, answer[8] = 1;
    return 9;
  }
  answer[4] = 0, answer[5] = (uint8_t)(3 + 2 * count), answer[8] = (uint8_t)(2 * count);
  // Counters among them go up.
  uint16_t rising = (uint16_t)(now_seconds() - server->started);
  for (uint16_t index = 0; index < count; index++) {
    uint16_t value = (uint16_t)((100 + address + index + rising) & 0x7FFF);
    answer[9 + 2 * index] = (uint8_t)(value >> 8);
    answer[10 + 2 * index] = (uint8_t)value;
  }
  server->values += count;
  return 9 + 2 * (size_t)count;
}

static void answer(server *server, int fd, const uint8_t *request) {
  connection *connection = &server->connections[fd];
  uint8_t unit = request[6];
  uint8_t bytes[answer_size];
  size_t size = make_answer(server, request, bytes);
  if (server->manners[unit] == drips) {
    if (connection->drip_size > 0) return;
    memcpy(connection->drip, bytes, size);
    connection->drip_size = size;
    connection->drip_sent = 0;
    server->dripping++;
    return;
  }
  if (send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size) return end_connection(server, fd);
  server->answered[unit]++;
  if (server->close_after > 0 && ++connection->answers >= server->close_after) end_connection(server, fd);
}

static void take_request(server *server, int fd, const uint8_t *request) {
  uint8_t unit = request[6];
  server->asked[unit]++;
  if (server->manners[unit] == is_silent) return;
  if (server->delay <= 0) return answer(server, fd, request);
  if (server->tail - server->head >= max_pending) return;
  pending *entry = &server->queue[server->tail++ % max_pending];
  entry->due = now_seconds() + server->delay;
  entry->fd = fd;
  entry->life = server->connections[fd].life;
  memcpy(entry->request, request, request_size);
}

static void receive(server *server, int fd) {
  connection *connection = &server->connections[fd];
  ssize_t got = recv(fd, connection->input + connection->filled, sizeof connection->input - connection->filled, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_connection(server, fd);
  connection->filled += (size_t)got;
  uint32_t life = connection->life;
  size_t taken = 0;
  while (connection->filled - taken >= request_size) {
    const uint8_t *request = connection->input + taken;
    // Only requests that read: all of them have this size.
    if (request[4] != 0 || request[5] != 6) return end_connection(server, fd);
    take_request(server, fd, request);
    if (connection->life != life) return;
    taken += request_size;
  }
  memmove(connection->input, connection->input + taken, connection->filled - taken);
  connection->filled -= taken;
}

static void accept_all(server *server) {
  while (true) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int fd = accept4(server->listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    // All of 127.0.0.0/8 is this machine, so that each device can have an address of its own; nobody else is answered.
    if (fd >= max_connections || ntohl(peer.sin_addr.s_addr) >> 24 != 127) {
      close(fd);
      continue;
    }
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection *connection = &server->connections[fd];
    connection->is_open = true;
    connection->filled = connection->drip_size = connection->answers = 0;
    server->accepted++;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void drip_all(server *server) {
  for (int fd = 0; fd < max_connections; fd++) {
    connection *connection = &server->connections[fd];
    if (!connection->is_open || connection->drip_size == 0) continue;
    if (send(fd, connection->drip + connection->drip_sent, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
      end_connection(server, fd);
    } else if (++connection->drip_sent == connection->drip_size) {
      connection->drip_size = 0;
      server->dripping--;
    }
  }
}

static void print_counts(const server *server) {
  uint64_t asked = 0, answered = 0;
  for (int unit = 0; unit < 256; unit++) asked += server->asked[unit], answered += server->answered[unit];
  printf("{\"requests\":%lu,\"answers\":%lu,\"values\":%lu,\"connections\":%lu,\"units\":[", asked, answered,
         server->values, server->accepted);
  for (int unit = 0; unit < 256; unit++) printf("%s%lu", unit == 0 ? "" : ",", server->answered[unit]);
  printf("]}\n");
  fflush(stdout);
}

static bool take_commands(server *server) {
  static char text[1024];
  static size_t filled = 0;
  ssize_t got = read(STDIN_FILENO, text + filled, sizeof text - 1 - filled);
  if (got <= 0) return false;
  filled += (size_t)got;
  text[filled] = 0;
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    unsigned number = 0;
    if (strcmp(line, "count") == 0) print_counts(server);
    if (sscanf(line, "silent %u", &number) == 1) server->manners[number & 255] = is_silent;
    if (sscanf(line, "drip %u", &number) == 1) server->manners[number & 255] = drips;
    if (sscanf(line, "speak %u", &number) == 1) server->manners[number & 255] = speaks;
    if (sscanf(line, "close %u", &number) == 1) server->close_after = number;
  }
  filled -= (size_t)(line - text);
  memmove(text, line, filled);
  return filled < sizeof text - 1;
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 4096) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    return -1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static struct timespec time_to_next(const server *server) {
  double now = now_seconds(), next = now + 1;
  if (server->head != server->tail) next = server->queue[server->head % max_pending].due;
  if (server->dripping > 0 && server->next_drip < next) next = server->next_drip;
  double wait = next > now ? next - now : 0;
  return (struct timespec){.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
}

static void meet_deadlines(server *server) {
  double now = now_seconds();
  while (server->head != server->tail && server->queue[server->head % max_pending].due <= now) {
    pending *entry = &server->queue[server->head++ % max_pending];
    connection *connection = &server->connections[entry->fd];
    if (connection->is_open && connection->life == entry->life) answer(server, entry->fd, entry->request);
  }
  if (server->dripping > 0 && now >= server->next_drip) {
    drip_all(server);
    server->next_drip = now + drip_seconds;
  }
}

int baseline_modbus_serve(int port, double delay_seconds) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server *server = calloc(1, sizeof *server);
  server->connections = calloc(max_connections, sizeof *server->connections);
  server->queue = calloc(max_pending, sizeof *server->queue);
  server->delay = delay_seconds;
  server->started = now_seconds();
  server->listener = listen_on(port);
  server->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (server->listener < 0 || server->epoll < 0) return 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server->listener};
  epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &event);
  event.data.fd = STDIN_FILENO;
  epoll_ctl(server->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  while (true) {
    struct epoll_event events[256];
    struct timespec wait = time_to_next(server);
    int count = epoll_pwait2(server->epoll, events, 256, &wait, NULL);
    for (int index = 0; index < count; index++) {
      int fd = events[index].data.fd;
      if (fd == server->listener) {
        accept_all(server);
      } else if (fd == STDIN_FILENO) {
        if (!take_commands(server)) return 0;
      } else if (server->connections[fd].is_open) {
        receive(server, fd);
      }
    }
    meet_deadlines(server);
  }
}
