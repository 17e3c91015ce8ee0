// A slow link between two hosts: hands the packets of two TUN devices to each other, at so many bits a second and so
// many seconds later: link DEVICE DEVICE BITS_PER_SECOND SECONDS
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <vector>

namespace {

constexpr size_t kLargestPacket = 65536;
// Like a switch's: what does not fit is lost, and the sender slows down.
constexpr double kQueueSeconds = 0.05;

double now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int open_device(const char* name) {
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0) {
    std::perror(name);
    std::exit(1);
  }
  return device;
}

struct Packet {
  double due;
  std::vector<char> bytes;
};

// One way of the link.
struct Way {
  int from, to;
  std::deque<Packet> packets{};
  double free_at = 0;

  void take(double bits_per_second, double delay) {
    static std::array<char, kLargestPacket> buffer;
    for (;;) {
      const ssize_t size = read(from, buffer.data(), buffer.size());
      if (size <= 0) return;
      const double time = now(), begin = free_at > time ? free_at : time;
      if (begin - time > kQueueSeconds) continue;
      free_at = begin + 8 * static_cast<double>(size) / bits_per_second;
      packets.push_back({free_at + delay, {buffer.data(), buffer.data() + size}});
    }
  }

  void give() {
    while (!packets.empty() && packets.front().due <= now()) {
      const auto& bytes = packets.front().bytes;
      // A device that is not up yet takes none, and what is lost is sent again.
      if (write(to, bytes.data(), bytes.size()) < 0 && errno != EIO) std::perror("write");
      packets.pop_front();
    }
  }
};

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::fputs("link DEVICE DEVICE BITS_PER_SECOND SECONDS\n", stderr);
    return 1;
  }
  const int a = open_device(words[1]), b = open_device(words[2]);
  const double bits_per_second = std::atof(words[3]), delay = std::atof(words[4]);
  std::array<Way, 2> ways{Way{a, b}, Way{b, a}};
  const int timer = timerfd_create(CLOCK_MONOTONIC, 0);
  std::array<pollfd, 3> waits{{{a, POLLIN, 0}, {b, POLLIN, 0}, {timer, POLLIN, 0}}};
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    double due = 0;
    for (const Way& way : ways) {
      if (!way.packets.empty() && (due == 0 || way.packets.front().due < due)) due = way.packets.front().due;
    }
    itimerspec alarm{};
    alarm.it_value.tv_sec = static_cast<time_t>(due);
    alarm.it_value.tv_nsec = static_cast<long>(1e9 * (due - static_cast<double>(alarm.it_value.tv_sec)));
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &alarm, nullptr);
    poll(waits.data(), waits.size(), -1);
    for (Way& way : ways) {
      way.take(bits_per_second, delay);
      way.give();
    }
  }
}
