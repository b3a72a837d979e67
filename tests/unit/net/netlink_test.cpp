#include "net/linux/netlink.hpp"

#include <gmock/gmock.h>
#include <linux/netlink.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <random>

#include "unit/net/captures.hpp"
#include "unit/net/from_hex.hpp"

namespace natcheck::net {
namespace netlink_test {

using testing::ElementsAre;
using testing::IsEmpty;

/// Of the captured dump of routes.
constexpr std::uint32_t sequence = 3;

message operator+(message left, const message& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// NLMSG_DONE or NLMSG_ERROR: a header and an errno.
message closing(int type, int error, std::uint32_t number = sequence, unsigned flags = 0) {
  nlmsghdr header{};
  const std::int32_t negative = -error;
  header.nlmsg_len = sizeof(header) + sizeof(negative);
  header.nlmsg_type = static_cast<std::uint16_t>(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_MULTI | flags);
  header.nlmsg_seq = number;
  header.nlmsg_pid = captures::port;
  message bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &negative, sizeof(negative));
  return bytes;
}

message with_flags(message bytes, unsigned flags) {
  const auto value = static_cast<std::uint16_t>(flags);
  std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_flags), &value, sizeof(value));
  return bytes;
}

const message first = from_hex(captures::route_metric);
const message second = from_hex(captures::route_multipath);

TEST(NetlinkAnswer, DumpOverTwoDatagrams) {
  netlink_answer answer{sequence, captures::port};
  answer.consume(first);
  EXPECT_FALSE(answer.complete());
  answer.consume(second + closing(NLMSG_DONE, 0));
  EXPECT_TRUE(answer.complete());
  EXPECT_EQ(answer.error(), 0);
  EXPECT_FALSE(answer.interrupted());
  EXPECT_THAT(answer.take_messages(), ElementsAre(first, second));
}

TEST(NetlinkAnswer, DoneInADatagramOfItsOwn) {
  netlink_answer answer{sequence, captures::port};
  answer.consume(first + second);
  answer.consume(closing(NLMSG_DONE, 0));
  EXPECT_TRUE(answer.complete());
  EXPECT_THAT(answer.take_messages(), ElementsAre(first, second));
}

TEST(NetlinkAnswer, NothingAfterItsEnd) {
  netlink_answer answer{sequence, captures::port};
  answer.consume(closing(NLMSG_DONE, 0) + first);
  EXPECT_THAT(answer.take_messages(), IsEmpty());
}

TEST(NetlinkAnswer, OneMessageThatIsNoDumpIsComplete) {
  const message decision = from_hex(captures::decision_ipv4);
  netlink_answer answer{4, captures::port};
  answer.consume(decision);
  EXPECT_TRUE(answer.complete());
  EXPECT_THAT(answer.take_messages(), ElementsAre(decision));
}

TEST(NetlinkAnswer, RefusalsCarryTheErrno) {
  for (const int type : {NLMSG_ERROR, NLMSG_DONE}) {
    netlink_answer answer{sequence, captures::port};
    answer.consume(closing(type, ENETUNREACH));
    EXPECT_TRUE(answer.complete());
    EXPECT_EQ(answer.error(), ENETUNREACH);
    EXPECT_THAT(answer.take_messages(), IsEmpty());
  }
}

TEST(NetlinkAnswer, AnErrnoThatDoesNotExistIsABadMessage) {
  for (const int error : {INT_MAX, 4096, -1, -INT_MAX, INT_MIN}) {
    netlink_answer answer{sequence, captures::port};
    message bytes = closing(NLMSG_ERROR, 0);
    const std::int32_t written = error == INT_MIN ? INT_MIN : -error;
    std::memcpy(bytes.data() + sizeof(nlmsghdr), &written, sizeof(written));
    answer.consume(bytes);
    EXPECT_TRUE(answer.complete());
    EXPECT_EQ(answer.error(), EBADMSG) << error;
  }
}

TEST(NetlinkAnswer, ARefusalWithoutAnErrnoIsABadMessage) {
  message bare = closing(NLMSG_ERROR, EPERM);
  bare.resize(sizeof(nlmsghdr));
  const auto length = static_cast<std::uint32_t>(bare.size());
  std::memcpy(bare.data(), &length, sizeof(length));
  netlink_answer answer{sequence, captures::port};
  answer.consume(bare);
  EXPECT_EQ(answer.error(), EBADMSG);
}

TEST(NetlinkAnswer, LateAnswersToOthersAreIgnored) {
  for (const auto& [number, port] :
       {std::pair{sequence + 1, captures::port}, std::pair{sequence, captures::port + 1},
        std::pair{sequence, 0U}}) {
    netlink_answer answer{number, port};
    answer.consume(first + closing(NLMSG_ERROR, EPERM));
    EXPECT_FALSE(answer.complete());
    EXPECT_THAT(answer.take_messages(), IsEmpty());
  }
}

TEST(NetlinkAnswer, InterruptedWhereverTheFlagStands) {
  const message marked = with_flags(first, NLM_F_MULTI | NLM_F_DUMP_INTR);
  const message end = closing(NLMSG_DONE, 0);
  const message marked_end = closing(NLMSG_DONE, 0, sequence, NLM_F_DUMP_INTR);
  for (const message& datagram :
       {marked + second + end, second + marked + end, first + marked_end}) {
    netlink_answer answer{sequence, captures::port};
    answer.consume(datagram);
    EXPECT_TRUE(answer.complete());
    EXPECT_TRUE(answer.interrupted());
  }
}

TEST(NetlinkAnswer, EveryTruncatedDatagramGivesTheWholeMessagesBeforeTheCut) {
  const message whole = first + second + closing(NLMSG_DONE, 0);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const message cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
    netlink_answer answer{sequence, captures::port};
    answer.consume(cut);
    EXPECT_FALSE(answer.complete()) << length;
    const bool between =
        length == 0 || length == first.size() || length == first.size() + second.size();
    EXPECT_EQ(answer.interrupted(), !between) << length;
    const std::size_t expected = length < first.size()                   ? 0U
                                 : length < first.size() + second.size() ? 1U
                                                                         : 2U;
    EXPECT_EQ(answer.take_messages().size(), expected) << length;
  }
}

TEST(NetlinkAnswer, AClosingWithoutAnErrnoIsNoError) {
  message bare = closing(NLMSG_DONE, ENOMEM);
  bare.resize(sizeof(nlmsghdr));
  const auto length = static_cast<std::uint32_t>(bare.size());
  std::memcpy(bare.data(), &length, sizeof(length));
  netlink_answer answer{sequence, captures::port};
  answer.consume(bare);
  EXPECT_TRUE(answer.complete());
  EXPECT_EQ(answer.error(), 0);
}

TEST(NetlinkAnswer, SurvivesMutations) {
  const message whole = first + second + closing(NLMSG_DONE, 0);
  std::mt19937 random{20240607};
  for (int round = 0; round < 20'000; ++round) {
    message bytes = whole;
    for (int change = 0; change < 3; ++change) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    netlink_answer answer{sequence, captures::port};
    answer.consume(bytes);
    EXPECT_LE(answer.take_messages().size(), whole.size() / sizeof(nlmsghdr));
  }
}

}  // namespace netlink_test
}  // namespace natcheck::net
