# Warnings, hardening and sanitizers for our own targets: ipguard_options() is applied to each of them.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # ccache(1), "Precompiled headers"
  endif()
endif()

# ipguard_not_hot(<target>): code that no line of a log passes through. Optimising it takes most of the compiler's time (the
# JSON and command-line libraries are headers) and nobody waits for it.
# Under a sanitizer the optimiser has several times as much to do: of config_test.cc, g++ makes 26 s with -O1 -g, 9 s with -O0 -g1.
function(ipguard_not_hot target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  if(IPGUARD_SANITIZE)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0>)
  endif()
endfunction()

# ipguard_together(<target>…): headers take the compiler (or clang-tidy) longer than the files' own text, so that eight are
# compiled at a time.
option(IPGUARD_TOGETHER "Compile files with large headers several at a time" ON)
function(ipguard_together)
  if(IPGUARD_TOGETHER AND (CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_CXX_CLANG_TIDY OR IPGUARD_SANITIZE))
    set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# Of the libraries that folders name, a program needs those alone that it calls.
add_link_options(-Wl,--as-needed)

function(ipguard_options target)
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wsign-conversion
            -Wold-style-cast
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wcast-align
            -Wformat=2
            -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees ghosts in inlined std::string and std::vector code.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                                             -Wno-maybe-uninitialized -Wno-dangling-pointer)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # std::stable_sort() of g++ 12's library asks for memory by a function that C++17 deprecated.
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # Debian's dpkg-buildflags hardening=+all, and assertions in the standard library's containers.
    target_compile_options(${target} PRIVATE -fstack-protector-strong -fstack-clash-protection -fcf-protection
                                             -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    target_link_options(${target} PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  endif()
  if(IPGUARD_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${IPGUARD_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${IPGUARD_SANITIZE})
  endif()
  if(IPGUARD_FUZZERS)  # what a fuzz target reaches has to count its edges too
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# ipguard_library(<folder> <lower floors and wrapped libraries…>): the static library of src/<folder>.
function(ipguard_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  add_library(ipguard_${name} STATIC ${sources})
  target_include_directories(ipguard_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(ipguard_${name} PUBLIC ${ARGN})
  ipguard_options(ipguard_${name})
endfunction()
