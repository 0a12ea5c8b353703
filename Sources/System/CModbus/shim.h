#pragma once
#include <modbus/modbus.h>
// For deadlines without a clock; Swift's Glibc leaves it out.
#include <sys/timerfd.h>
