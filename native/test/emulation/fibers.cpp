#include "test/emulation/fibers.h"

#include <sys/mman.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <utility>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// A change of stacks without the system call of swapcontext(): saves what a call must keep, and goes on where the other
// stack was left.
asm(R"(
.text
.globl bilevel_switch_stacks
.type bilevel_switch_stacks, @function
bilevel_switch_stacks:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size bilevel_switch_stacks, .-bilevel_switch_stacks
)");
extern "C" void bilevel_switch_stacks(void** save, void* to);
#endif

namespace bilevel::emulation {
namespace {

constexpr size_t kStackBytes = 256 * 1024;

#if defined(__x86_64__)
class Context {
 public:
  void begin(std::byte* stack, void (*entry)()) {
    // As if the entry had been called, and had saved six registers.
    auto** top = reinterpret_cast<void**>(stack + kStackBytes) - 2;
    *top = reinterpret_cast<void*>(entry);
    for (int i = 1; i <= 6; ++i) top[-i] = nullptr;
    stack_pointer_ = top - 6;
  }
  void change_to(Context& other) { bilevel_switch_stacks(&stack_pointer_, other.stack_pointer_); }

 private:
  void* stack_pointer_ = nullptr;
};
#else
class Context {
 public:
  void begin(std::byte* stack, void (*entry)()) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack;
    context_.uc_stack.ss_size = kStackBytes;
    makecontext(&context_, entry, 0);
  }
  void change_to(Context& other) { swapcontext(&context_, &other.context_); }

 private:
  ucontext_t context_;
};
#endif

// The sanitizer wants to know of every change of stacks.
struct Stack {
  const void* bottom = nullptr;
  size_t size = 0;
  void* fake = nullptr;

#if defined(__SANITIZE_ADDRESS__)
  void leave_for(const Stack& other) { __sanitizer_start_switch_fiber(&fake, other.bottom, other.size); }
  void entered_from(Stack& other) { __sanitizer_finish_switch_fiber(fake, &other.bottom, &other.size); }
#else
  void leave_for(const Stack&) {}
  void entered_from(Stack&) {}
#endif
};

struct Side {
  Context context;
  Stack stack;
};

void change(Side& from, Side& to) {
  from.stack.leave_for(to.stack);
  from.context.change_to(to.context);
  from.stack.entered_from(to.stack);
}

Side host;

}  // namespace

struct Fiber::State {
  State() {
    void* memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    bottom = static_cast<std::byte*>(memory);
    side.stack.bottom = memory;
    side.stack.size = kStackBytes;
    side.context.begin(bottom, &State::main);
  }
  ~State() {
#if defined(__SANITIZE_ADDRESS__)
    // What a body that was given up has left there.
    __asan_unpoison_memory_region(bottom, kStackBytes);
#endif
    munmap(bottom, kStackBytes);
  }

  // One body after the other, for ever.
  static void main() {
    State* const self = current;
    self->side.stack.entered_from(host.stack);
    while (true) {
      try {
        self->body(self->context);
      } catch (...) {
        self->thrown = std::current_exception();
      }
      self->done = true;
      change(self->side, host);
    }
  }

  static State* current;

  std::byte* bottom = nullptr;
  Side side;
  Body body = nullptr;
  void* context = nullptr;
  bool done = true;
  std::exception_ptr thrown;
};

Fiber::State* Fiber::State::current = nullptr;

Fiber::Fiber() : state_(std::make_unique<State>()) {}
Fiber::~Fiber() = default;
Fiber::Fiber(Fiber&&) noexcept = default;
Fiber& Fiber::operator=(Fiber&&) noexcept = default;

void Fiber::start(Body body, void* context) {
  state_->body = body;
  state_->context = context;
  state_->done = false;
}

void Fiber::resume() {
  State::current = state_.get();
  change(host, state_->side);
  State::current = nullptr;
  if (state_->thrown) std::rethrow_exception(std::exchange(state_->thrown, nullptr));
}

bool Fiber::is_done() const { return state_->done; }

void Fiber::suspend() { change(State::current->side, host); }

}  // namespace bilevel::emulation
