#define _GNU_SOURCE
#include "CBaselines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// A subscriber as one writes it: libmosquitto's own loop, a callback that counts.

struct baseline_subscriber {
  struct mosquitto *client;
  pthread_t thread;
  sem_t subscribed;
  int qos;
  int topics;
  size_t awaited;
  size_t count;
  double finished_at;
};

static void on_connect(struct mosquitto *client, void *context, int code) {
  baseline_subscriber *subscriber = context;
  if (code != 0) return;
  char **filters = calloc((size_t)subscriber->topics, sizeof *filters);
  for (int index = 0; index < subscriber->topics; index++) {
    if (asprintf(&filters[index], "plant/%d/telemetry", index) < 0) filters[index] = NULL;
  }
  mosquitto_subscribe_multiple(client, NULL, subscriber->topics, filters, subscriber->qos, 0, NULL);
  for (int index = 0; index < subscriber->topics; index++) free(filters[index]);
  free(filters);
}

static void on_subscribe(struct mosquitto *client, void *context, int message, int count, const int *granted) {
  (void)client, (void)message, (void)count, (void)granted;
  sem_post(&((baseline_subscriber *)context)->subscribed);
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message) {
  (void)message;
  baseline_subscriber *subscriber = context;
  if (++subscriber->count < subscriber->awaited) return;
  subscriber->finished_at = seconds(CLOCK_MONOTONIC);
  mosquitto_disconnect(client);
}

static void *loop(void *context) {
  mosquitto_loop_forever(((baseline_subscriber *)context)->client, -1, 1);
  return NULL;
}

baseline_subscriber *baseline_subscribe(int port, int qos, int topics, size_t messages) {
  mosquitto_lib_init();
  baseline_subscriber *subscriber = calloc(1, sizeof *subscriber);
  sem_init(&subscriber->subscribed, 0, 0);
  subscriber->qos = qos;
  subscriber->topics = topics;
  subscriber->awaited = messages;
  subscriber->client = mosquitto_new(NULL, true, subscriber);
  mosquitto_connect_callback_set(subscriber->client, on_connect);
  mosquitto_subscribe_callback_set(subscriber->client, on_subscribe);
  mosquitto_message_callback_set(subscriber->client, on_message);
  mosquitto_int_option(subscriber->client, MOSQ_OPT_TCP_NODELAY, 1);
  bool runs = mosquitto_connect(subscriber->client, "127.0.0.1", port, 30) == MOSQ_ERR_SUCCESS &&
              pthread_create(&subscriber->thread, NULL, loop, subscriber) == 0;
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += 10;
  if (runs && sem_timedwait(&subscriber->subscribed, &limit) == 0) return subscriber;
  if (runs) {
    mosquitto_disconnect(subscriber->client);
    pthread_join(subscriber->thread, NULL);
  }
  mosquitto_destroy(subscriber->client);
  free(subscriber);
  return NULL;
}

double baseline_subscriber_finish(baseline_subscriber *subscriber, int limit_seconds) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += limit_seconds;
  if (pthread_timedjoin_np(subscriber->thread, NULL, &limit) != 0) {
    mosquitto_disconnect(subscriber->client);
    pthread_join(subscriber->thread, NULL);
  }
  double finished = subscriber->count >= subscriber->awaited ? subscriber->finished_at : -1;
  mosquitto_destroy(subscriber->client);
  sem_destroy(&subscriber->subscribed);
  free(subscriber);
  return finished;
}

// A publisher that costs as little as possible: packets that are ready, as many in one write as the socket takes.

static bool write_all(int connection, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = send(connection, bytes, count, MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes += written;
    count -= (size_t)written;
  }
  return true;
}

static int connect_to_broker(int port) {
  static const uint8_t hello[] = {0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 5, 'b', 'e', 'n', 'c', 'h'};
  int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  uint8_t answer[4];
  if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0 &&
      write_all(connection, hello, sizeof hello) && recv(connection, answer, 4, MSG_WAITALL) == 4 && answer[3] == 0) {
    return connection;
  }
  close(connection);
  return -1;
}

bool baseline_publish(
    int port, const uint8_t *packets, size_t bytes, size_t rounds, size_t acknowledgements, double *started,
    double *processor_seconds) {
  int connection = connect_to_broker(port);
  if (connection < 0) return false;
  fcntl(connection, F_SETFL, O_NONBLOCK);
  double processor = seconds(CLOCK_THREAD_CPUTIME_ID);
  *started = seconds(CLOCK_MONOTONIC);
  size_t sent = 0, total = bytes * rounds, answered = 0, awaited = 4 * acknowledgements;
  bool works = true;
  while (works && (sent < total || answered < awaited)) {
    struct pollfd ready = {.fd = connection, .events = POLLIN | (sent < total ? POLLOUT : 0)};
    if (poll(&ready, 1, 10000) <= 0) works = false;
    if (ready.revents & (POLLERR | POLLHUP)) works = false;
    if (ready.revents & POLLIN) {
      uint8_t sink[16384];
      ssize_t got = recv(connection, sink, sizeof sink, 0);
      if (got > 0) answered += (size_t)got;
      if (got == 0) works = false;
    }
    if (ready.revents & POLLOUT) {
      size_t offset = sent % bytes;
      ssize_t written = send(connection, packets + offset, bytes - offset, MSG_NOSIGNAL);
      if (written > 0) sent += (size_t)written;
      if (written < 0 && errno != EAGAIN && errno != EINTR) works = false;
    }
  }
  *processor_seconds = seconds(CLOCK_THREAD_CPUTIME_ID) - processor;
  static const uint8_t farewell[] = {0xE0, 0};
  if (works) write_all(connection, farewell, sizeof farewell);
  close(connection);
  return works;
}
