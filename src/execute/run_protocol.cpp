#include "run_protocol.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace codehelper {

namespace {

struct PlanHead {
  std::uint32_t text_bytes = 0;
  std::uint32_t arguments = 0;
  std::uint32_t variables = 0;
  std::uint32_t readable = 0;
  std::uint32_t writable = 0;
  std::uint32_t sandbox_is_on = 0;
  Mechanisms mechanisms;
  NetworkAccess network = NetworkAccess::full;
  RunLimits limits;
  std::uint64_t temporary_bytes = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
};
static_assert(std::is_trivially_copyable_v<PlanHead>);

bool receive_exactly(int socket, char* target, std::size_t size) {
  while (size > 0) {
    const ssize_t received = ::recv(socket, target, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    target += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

// Reads strings that end in NUL, one after the other.
class StringReader {
 public:
  explicit StringReader(std::vector<char>& bytes) : next_(bytes.data()) {}

  char* take() {
    char* text = next_;
    next_ += std::strlen(text) + 1;
    return text;
  }
  std::vector<std::string> take_strings(std::uint32_t size) {
    std::vector<std::string> list(size);
    for (std::string& text : list) text = take();
    return list;
  }
  std::vector<char*> take_list(std::uint32_t size) {
    std::vector<char*> list;
    list.reserve(size + 1);
    for (std::uint32_t i = 0; i < size; ++i) list.push_back(take());
    list.push_back(nullptr);
    return list;
  }

 private:
  char* next_;
};

}  // namespace

bool send_order(int socket, const SpawnOrder& order, const RunDescriptors& descriptors) {
  SpawnOrder sent = order;
  iovec content{&sent, sizeof sent};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> passed{};
  if (order.kind == SpawnOrder::Kind::start) {
    message.msg_control = passed.data();
    message.msg_controllen = passed.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof descriptors);
    std::memcpy(CMSG_DATA(head), &descriptors, sizeof descriptors);
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(sizeof sent);
}

bool receive_order(int socket, SpawnOrder& order, RunDescriptors& descriptors) {
  iovec content{&order, sizeof order};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> passed{};
  message.msg_control = passed.data();
  message.msg_controllen = passed.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != static_cast<ssize_t>(sizeof order)) return false;
  if (order.kind != SpawnOrder::Kind::start) return true;
  const cmsghdr* head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_len != CMSG_LEN(sizeof descriptors)) return false;
  std::memcpy(&descriptors, CMSG_DATA(head), sizeof descriptors);
  return true;
}

std::string encode_plan(const CommandPlan& plan) {
  std::string text;
  const auto add = [&text](const std::string& string) { text.append(string.c_str(), string.size() + 1); };
  add(plan.executable.string());
  add(plan.cwd.string());
  for (const std::string& argument : plan.arguments) add(argument);
  for (const auto& [name, value] : plan.env) add(std::string(name).append("=").append(value));

  for (const std::string& path : plan.sandbox.readable) add(path);
  for (const std::string& path : plan.sandbox.writable) add(path);
  add(plan.sandbox.moved_from);
  add(plan.sandbox.moved_to);

  PlanHead head;
  head.text_bytes = static_cast<std::uint32_t>(text.size());
  head.arguments = static_cast<std::uint32_t>(plan.arguments.size());
  head.variables = static_cast<std::uint32_t>(plan.env.size());
  head.readable = static_cast<std::uint32_t>(plan.sandbox.readable.size());
  head.writable = static_cast<std::uint32_t>(plan.sandbox.writable.size());
  head.sandbox_is_on = plan.sandbox.is_on ? 1 : 0;
  head.mechanisms = plan.sandbox.mechanisms;
  head.network = plan.sandbox.network;
  head.limits = plan.sandbox.limits;
  head.temporary_bytes = plan.sandbox.temporary_bytes;
  head.user = plan.sandbox.user;
  head.group = plan.sandbox.group;
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes + text;
}

bool receive_plan(int control, ReceivedPlan& plan) {
  PlanHead head;
  char head_bytes[sizeof head];
  if (!receive_exactly(control, head_bytes, sizeof head)) return false;
  std::memcpy(&head, head_bytes, sizeof head);
  plan.bytes.resize(head.text_bytes);
  if (!receive_exactly(control, plan.bytes.data(), plan.bytes.size())) return false;

  StringReader reader(plan.bytes);
  plan.executable = reader.take();
  plan.cwd = reader.take();
  plan.arguments = reader.take_list(head.arguments);
  plan.environment = reader.take_list(head.variables);
  plan.sandbox = {.is_on = head.sandbox_is_on != 0,
                  .mechanisms = head.mechanisms,
                  .network = head.network,
                  .limits = head.limits,
                  .temporary_bytes = head.temporary_bytes,
                  .user = head.user,
                  .group = head.group,
                  .readable = reader.take_strings(head.readable),
                  .writable = reader.take_strings(head.writable),
                  .moved_from = reader.take(),
                  .moved_to = reader.take()};
  return true;
}

}  // namespace codehelper
