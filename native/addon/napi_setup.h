// The only place that includes napi.h, so that no file sees it with other switches. CMakeLists.txt sets them:
// version 9 is what Node 20 offers; an exception that arrives while a worker is being terminated is dropped instead of
// ending the process; and external array buffers, which Electron forbids, do not compile.
#pragma once

#if NAPI_VERSION != 9 || !defined(NAPI_CPP_EXCEPTIONS) || !defined(NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS) || \
    !defined(NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED)
#error "Compile the addon through CMakeLists.txt, which sets the switches of Node-API."
#endif

#include <napi.h>
